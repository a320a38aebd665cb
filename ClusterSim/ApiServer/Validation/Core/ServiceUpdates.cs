using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>
/// How a Service changes: what was allocated stays with it, what its new type has no use for goes
/// (<c>pkg/registry/core/service/strategy.go</c>).
/// </summary>
internal static class ServiceUpdates
{
    private const string Once = "may not change once set";

    /// <summary>Keeps <c>clusterIP</c> and the first of <c>clusterIPs</c> one, whichever a client knows of.</summary>
    public static void NormalizeAddresses(JsonObject spec, JsonElement old)
    {
        var address = spec.Text("clusterIP") ?? "";
        var before = old.At("clusterIP").Text("");
        if (!old.Exists())
        {
            if (address.Length > 0 && spec["clusterIPs"] is not JsonArray { Count: > 0 })
                spec["clusterIPs"] = new JsonArray(address);
            return;
        }
        if (before.Length == 0 || before == address || !IsSame(spec, old, "clusterIPs"))
        {
            if (before.Length == 0 && address.Length > 0 && spec["clusterIPs"] is not JsonArray { Count: > 0 })
                spec["clusterIPs"] = new JsonArray(address);
            return;
        }
        if (address.Length == 0)
            spec.Remove("clusterIPs");
        else
            spec["clusterIPs"] = new JsonArray(address);
    }

    /// <summary>What a write that does not speak of allocated values keeps, and what a change of type drops.</summary>
    public static void Prepare(JsonObject spec, JsonElement old)
    {
        NormalizeAddresses(spec, old);
        var (type, before) = (spec.Text("type") ?? "", old.At("type").Text(""));
        if (NeedsAddress(before) && NeedsAddress(type))
        {
            if (spec.Text("clusterIP") is null or "")
                Copy(spec, old, "clusterIP");
            if (spec["clusterIPs"] is not JsonArray { Count: > 0 } && spec.Text("clusterIP") == old.At("clusterIP").Text())
                Copy(spec, old, "clusterIPs");
            foreach (var field in (ReadOnlySpan<string>)["ipFamilies", "ipFamilyPolicy"])
                if (spec[field] is null)
                    Copy(spec, old, field);
        }
        else if (NeedsAddress(before) && !NeedsAddress(type))
        {
            foreach (var field in (ReadOnlySpan<string>)["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"])
                DropIfSame(spec, old, field);
        }
        NodePorts(spec, old, NeedsNodePorts(before), NeedsNodePorts(type));
        var (checks, checkedBefore) = (type == "LoadBalancer" && spec.Text("externalTrafficPolicy") == "Local",
            before == "LoadBalancer" && old.At("externalTrafficPolicy").Text() == "Local");
        if (checks && checkedBefore && spec.Integer("healthCheckNodePort") is (null or 0))
            Copy(spec, old, "healthCheckNodePort");
        else if (checkedBefore && !checks)
            DropIfSame(spec, old, "healthCheckNodePort");
        if (before == "LoadBalancer" && type != "LoadBalancer")
        {
            DropIfSame(spec, old, "allocateLoadBalancerNodePorts");
            DropIfSame(spec, old, "loadBalancerClass");
        }
        if (NeedsNodePorts(before) && !NeedsNodePorts(type) && spec["externalIPs"] is not JsonArray { Count: > 0 })
            DropIfSame(spec, old, "externalTrafficPolicy");
        if (before == "ExternalName" && type != "ExternalName")
            DropIfSame(spec, old, "externalName");
    }

    /// <summary>An address stays, unless the Service becomes or was a mere name.</summary>
    public static void Validate(FieldErrors errors, JsonElement spec, JsonElement old)
    {
        if (spec.At("type").Text() != "ExternalName" && old.At("type").Text() != "ExternalName")
        {
            Kept(errors, spec, old, "clusterIPs", "clusterIP");
            Kept(errors, spec, old, "ipFamilies", "ipFamily");
        }
        var balancer = spec.At("loadBalancerClass");
        if (spec.At("type").Text() == "LoadBalancer" && old.At("type").Text() == "LoadBalancer"
            && !SemanticEquality.Equal(balancer, old.At("loadBalancerClass")))
            errors.Invalid(FieldPath.Spec.Child("loadBalancerClass"), balancer, Once);
        var port = old.At("healthCheckNodePort").Integer(0);
        if (port != 0 && spec.At("externalTrafficPolicy").Text() == "Local" && spec.At("type").Text() == "LoadBalancer"
            && spec.At("healthCheckNodePort").Integer(0) != port)
            errors.Forbidden(FieldPath.Spec.Child("healthCheckNodePort"), "field is immutable");
    }

    private static void Kept(FieldErrors errors, JsonElement spec, JsonElement old, string list, string one)
    {
        var (now, before) = (spec.At(list), old.At(list));
        var path = FieldPath.Spec.Child(list);
        if (before.Count() == 0)
            return;
        if (now.Count() == 0)
            errors.Invalid(path.Index(0), now, $"primary {one} can not be unset");
        else if (now[0].Text("") != before[0].Text(""))
            errors.Invalid(path.Index(0), now, Once);
        if (before.Count() > 1 && now.Count() > 1 && now[1].Text("") != before[1].Text(""))
            errors.Invalid(path.Index(1), now, Once);
    }

    private static void NodePorts(JsonObject spec, JsonElement old, bool had, bool needs)
    {
        if (!had)
            return;
        if (needs)
        {
            var allocated = old.At("ports").Items().Where(port => port.At("nodePort").Integer(0) != 0).ToList();
            foreach (var port in PodSpecDefaults.Objects(spec, "ports"))
                if (port.Integer("nodePort") is null or 0
                    && allocated.Find(before => before.At("protocol").Text() == port.Text("protocol") && before.At("port").Integer() == port.Integer("port"))
                        is var found && found.Exists())
                    port["nodePort"] = found.At("nodePort").ToNode();
            return;
        }
        var ports = PodSpecDefaults.Objects(spec, "ports").ToList();
        var same = ports.Count == old.At("ports").Count()
            && ports.Select(port => port.Integer("nodePort") ?? 0).SequenceEqual(old.At("ports").Items().Select(port => port.At("nodePort").Integer() ?? 0));
        if (same)
            foreach (var port in ports)
                port.Remove("nodePort");
    }

    private static bool NeedsAddress(string type) => type is "ClusterIP" or "NodePort" or "LoadBalancer";

    private static bool NeedsNodePorts(string type) => type is "NodePort" or "LoadBalancer";

    private static void Copy(JsonObject spec, JsonElement old, string field)
    {
        if (old.At(field).ToNode() is { } value)
            spec[field] = value;
    }

    private static void DropIfSame(JsonObject spec, JsonElement old, string field)
    {
        if (IsSame(spec, old, field))
            spec.Remove(field);
    }

    private static bool IsSame(JsonObject spec, JsonElement old, string field) =>
        SemanticEquality.Equal(spec[field]?.ToElement() ?? default, old.At(field));
}
