using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>Services. Addresses and node ports are allocated by the registry before validation.</summary>
internal sealed class ServiceStrategy : KindStrategy
{
    private static readonly Dictionary<string, Func<JsonElement, string>> Fields = new(StringComparer.Ordinal)
    {
        ["spec.clusterIP"] = service => service.At("spec", "clusterIP").Text(""),
        ["spec.type"] = service => service.At("spec", "type").Text(""),
    };

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "Service");

    /// <inheritdoc/>
    public override NameRule NameRule => NameRules.Label;

    /// <inheritdoc/>
    public override bool AllowCreateOnUpdate => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields => Fields;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        DefaultText(spec, "sessionAffinity", "None");
        if (spec.Text("sessionAffinity") == "None")
            spec.Remove("sessionAffinityConfig");
        else if (spec.Text("sessionAffinity") == "ClientIP")
            spec.Ensure("sessionAffinityConfig").Ensure("clientIP").Default("timeoutSeconds", 10800);
        DefaultText(spec, "type", "ClusterIP");
        foreach (var port in PodSpecDefaults.Objects(spec, "ports"))
        {
            port.Default("protocol", "TCP");
            var hasTarget = port.Text("targetPort") is { Length: > 0 } || port.Integer("targetPort") is not (null or 0);
            if (!hasTarget && port["port"] is { } number)
                port["targetPort"] = number.DeepClone();
        }
        var type = spec.Text("type");
        var isOutside = type is "NodePort" or "LoadBalancer" || (type == "ClusterIP" && spec["externalIPs"] is JsonArray { Count: > 0 });
        if (isOutside)
            DefaultText(spec, "externalTrafficPolicy", "Cluster");
        if (type is "NodePort" or "LoadBalancer" or "ClusterIP")
            spec.Default("internalTrafficPolicy", "Cluster");
        if (type == "LoadBalancer")
            spec.Default("allocateLoadBalancerNodePorts", true);
        var balancer = @object.Ensure("status").Ensure("loadBalancer");
        foreach (var ingress in PodSpecDefaults.Objects(balancer, "ingress"))
            if (ingress.Text("ip") is { Length: > 0 })
                ingress.Default("ipMode", "VIP");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object)
    {
        @object["status"] = JsonBuilding.Object(("loadBalancer", new JsonObject()));
        ServiceUpdates.NormalizeAddresses(@object.Ensure("spec"), default);
    }

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject @object, JsonElement old) => ServiceUpdates.Prepare(@object.Ensure("spec"), old.At("spec"));

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        ServiceValidation.Validate(errors, @object);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        ServiceUpdates.Validate(errors, @object.At("spec"), old.At("spec"));
        ServiceValidation.Validate(errors, @object);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        var path = FieldPath.Status.Child("loadBalancer", "ingress");
        var ingresses = @object.At("status", "loadBalancer", "ingress");
        if (ingresses.Count() > 0 && @object.At("spec", "type").Text() != "LoadBalancer")
        {
            errors.Forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'");
            return errors;
        }
        for (var i = 0; i < ingresses.Count(); i++)
        {
            var at = path.Index(i);
            var (ip, mode, host) = (ingresses[i].At("ip").Text(""), ingresses[i].At("ipMode").Text(), ingresses[i].At("hostname").Text(""));
            if (ip.Length > 0)
                AddressRules.Address(errors, ip, at.Child("ip"));
            if (ip.Length > 0 && mode is null)
                errors.Required(at.Child("ipMode"), "must be specified when `ip` is set");
            else if (ip.Length == 0 && mode is not null)
                errors.Forbidden(at.Child("ipMode"), "may not be specified when `ip` is not set");
            else if (mode is not (null or "VIP" or "Proxy"))
                errors.NotSupported(at.Child("ipMode"), mode, "Proxy", "VIP");
            if (host.Length > 0)
                errors.InvalidEach(at.Child("hostname"), host, NameRules.DnsSubdomain(host));
            if (host.Length > 0 && AddressRules.Parse(host) is not null)
                errors.Invalid(at.Child("hostname"), host, "must be a DNS name, not an IP address");
        }
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        var spec = @object.At("spec");
        if (@object.At("metadata", "annotations") is { ValueKind: JsonValueKind.Object } annotations
            && annotations.At("service.kubernetes.io/topology-aware-hints").Exists())
            yield return "metadata.annotations[service.kubernetes.io/topology-aware-hints]: annotation is deprecated, please use "
                + "service.kubernetes.io/topology-mode instead";
        if (spec.At("sessionAffinity").Text() == "ClientIP" && spec.At("clusterIP").Text() == "None")
            yield return "spec.SessionAffinity is ignored for headless services";
        if (spec.At("externalIPs").Count() > 0 && spec.At("type").Text() == "ExternalName")
            yield return "spec.externalIPs is ignored when spec.type is \"ExternalName\"";
        if (spec.At("loadBalancerSourceRanges").Count() > 0)
            yield return "spec.loadBalancerSourceRanges is stored and not acted on: the simulated cluster's load balancers are ports of this machine's loopback address";
    }

    private static void DefaultText(JsonObject spec, string field, string value)
    {
        if (spec.Text(field) is null or "")
            spec[field] = value;
    }
}
