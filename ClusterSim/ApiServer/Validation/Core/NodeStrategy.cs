using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>Nodes. Whoever creates one may write its status too.</summary>
internal sealed class NodeStrategy : KindStrategy
{
    private static readonly string[] Info =
    [
        "machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion", "kubeletVersion", "kubeProxyVersion",
        "operatingSystem", "architecture",
    ];

    private static readonly Dictionary<string, Func<JsonElement, string>> Fields = new(StringComparer.Ordinal)
    {
        ["spec.unschedulable"] = node => node.At("spec", "unschedulable").Flag(false) ? "true" : "false",
    };

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "Node");

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override bool KeepsStatusOnCreate => true;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields => Fields;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        // podCIDR and the first of podCIDRs are one.
        if (spec.Text("podCIDR") is { Length: > 0 } range && spec["podCIDRs"] is not JsonArray { Count: > 0 })
            spec["podCIDRs"] = new JsonArray(range);
        else if (spec["podCIDRs"] is JsonArray { Count: > 0 } ranges && spec.Text("podCIDR") is null or "")
            spec["podCIDR"] = ranges[0]?.DeepClone();
        var status = @object.Ensure("status");
        if (status["allocatable"] is null && status["capacity"] is JsonObject capacity)
            status["allocatable"] = capacity.DeepClone();
        status.Ensure("daemonEndpoints").Ensure("kubeletEndpoint").Default("Port", 0);
        var info = status.Ensure("nodeInfo");
        foreach (var field in Info)
            info.Default(field, "");
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Taints(errors, @object);
        Resources(errors, @object);
        var ranges = @object.At("spec", "podCIDRs");
        var path = FieldPath.Of("spec", "podCIDRs");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ranges.Count(); i++)
            AddressRules.Range(errors, ranges[i].Text(""), path.Index(i));
        if (ranges.Count() > 1)
        {
            var families = ranges.Items().Select(range => range.Text("").Contains(':', StringComparison.Ordinal)).Distinct().Count();
            if (families != 2 || ranges.Count() > 2)
                errors.Invalid(path, ranges, "may specify no more than one CIDR for each IP family");
            for (var i = 0; i < ranges.Count(); i++)
                if (!seen.Add(ranges[i].Text("")))
                    errors.Duplicate(path.Index(i), ranges[i].Text(""));
        }
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Changed(errors, @object, old);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old) => ValidateUpdate(@object, old);

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        if (@object.At("spec", "configSource").Exists())
            yield return "spec.configSource: the feature is removed in v1.24 and has no effect";
        if (@object.At("spec", "externalID").Text("").Length > 0)
            yield return "spec.externalID: this field is deprecated, and is unused by Kubernetes";
    }

    private static void Changed(FieldErrors errors, JsonElement node, JsonElement old)
    {
        Resources(errors, node);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var address in node.At("status", "addresses").Items())
        {
            var at = FieldPath.Of("status", "addresses").Index(index++);
            if (!seen.Add($"{address.At("type").Text("")} {address.At("address").Text("")}"))
                errors.DuplicateRendered(at, GoText.RenderInternal(address, ("Type", "type"), ("Address", "address")));
        }
        if (old.At("spec", "podCIDRs").Count() > 0 && !SemanticEquality.Equal(old.At("spec", "podCIDRs"), node.At("spec", "podCIDRs")))
            errors.Forbidden(FieldPath.Of("spec", "podCIDRs"), "node updates may not change podCIDR except from \"\" to valid");
        if (old.At("spec", "providerID").Text("") is { Length: > 0 } provider && provider != node.At("spec", "providerID").Text(""))
            errors.Forbidden(FieldPath.Of("spec", "providerID"), "node updates may not change providerID except from \"\" to valid");
        Taints(errors, node);
        if (node.At("spec", "externalID").Text("") != old.At("spec", "externalID").Text(""))
            errors.Forbidden(FieldPath.Of("spec", "externalID"), "may not be updated");
    }

    // Kubernetes names metadata.taints, though they stand in spec.
    private static void Taints(FieldErrors errors, JsonElement node)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var taint in node.At("spec", "taints").Items())
        {
            var at = FieldPath.Of("metadata", "taints").Index(index++);
            var (key, value, effect) = (taint.At("key").Text(""), taint.At("value").Text(""), taint.At("effect").Text(""));
            LabelValidation.Key(errors, key, at.Child("key"));
            if (NameRules.LabelValue(value) is { Count: > 0 } messages)
                errors.Invalid(at.Child("value"), value, string.Join(';', messages));
            SchedulingValidation.TaintEffect(errors, effect, at.Child("effect"));
            if (!seen.Add($"{key} {effect}"))
                errors.DuplicateRendered(
                    at, $"{{\"Key\":{GoText.Quote(key)},\"Value\":{GoText.Quote(value)},\"Effect\":{GoText.Quote(effect)},\"TimeAdded\":null}}",
                    "taints must be unique by key and effect pair");
        }
    }

    private static void Resources(FieldErrors errors, JsonElement node)
    {
        foreach (var kind in (ReadOnlySpan<string>)["capacity", "allocatable"])
            foreach (var amount in node.At("status", kind).Fields())
                ResourceValidation.AmountOf(errors, amount.Name, amount.Value, FieldPath.Status.Child(kind, amount.Name));
    }
}
