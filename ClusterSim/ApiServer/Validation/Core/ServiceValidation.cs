using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of a Service, in Kubernetes' order (<c>ValidateService</c>).</summary>
internal static class ServiceValidation
{
    private const int FirstNodePort = 30000;
    private const int LastNodePort = 32767;
    private const string OnlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'";

    /// <summary>Checks a Service.</summary>
    public static void Validate(FieldErrors errors, JsonElement service)
    {
        var spec = service.At("spec");
        var path = FieldPath.Spec;
        var ports = spec.At("ports");
        // A port out of range is refused where it would be allocated, before anything else is looked at.
        if (NodePortsOutOfRange(errors, ports, path.Child("ports")))
            return;

        var type = spec.At("type").Text("");
        var addresses = spec.At("clusterIPs");
        var isHeadless = addresses.Count() == 1 && addresses[0].Text() == "None";
        if (ports.Count() == 0 && !isHeadless && type != "ExternalName")
            errors.Required(path.Child("ports"));
        if (type is ("LoadBalancer" or "NodePort") && isHeadless)
            errors.Invalid(path.Child("clusterIPs").Index(0), "None", $"may not be set to 'None' for {type} services");
        if (type == "ExternalName")
            ExternalName(errors, spec, path);

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < ports.Count(); i++)
            Port(errors, ports[i], ports.Count() > 1, names, path.Child("ports").Index(i));
        LabelValidation.Labels(errors, spec.At("selector"), path.Child("selector"));
        SessionAffinity(errors, spec, path);
        Addresses(errors, spec, path);
        for (var i = 0; i < spec.At("externalIPs").Count(); i++)
        {
            var at = path.Child("externalIPs").Index(i);
            if (AddressRules.Address(errors, spec.At("externalIPs")[i].Text(""), at))
                AddressRules.NotSpecial(errors, spec.At("externalIPs")[i].Text(""), at);
        }
        PodSpecValidation.OneOf(errors, type, path.Child("type"), "ClusterIP", "ExternalName", "LoadBalancer", "NodePort");
        if (type == "ClusterIP")
            for (var i = 0; i < ports.Count(); i++)
                if (ports[i].At("nodePort").Integer(0) != 0)
                    errors.Forbidden(path.Child("ports").Index(i).Child("nodePort"), "may not be used when `type` is 'ClusterIP'");
        Repeated(errors, ports, path.Child("ports"));
        LoadBalancer(errors, service, spec, type, path);
        Traffic(errors, spec, type, path);
    }

    private static bool NodePortsOutOfRange(FieldErrors errors, JsonElement ports, FieldPath path)
    {
        var before = errors.Count;
        for (var i = 0; i < ports.Count(); i++)
            if (ports[i].At("nodePort").Integer() is { } port and not 0 and (< FirstNodePort or > LastNodePort))
                errors.Invalid(path.Index(i).Child("nodePort"), port,
                    $"provided port is not in the valid range. The range of valid ports is {FirstNodePort}-{LastNodePort}");
        return errors.Count > before;
    }

    private static void ExternalName(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        foreach (var field in (ReadOnlySpan<string>)["clusterIPs", "ipFamilies", "ipFamilyPolicy"])
            if (spec.At(field) is var value && (value.Count() > 0 || value.Text() is not null))
                errors.Forbidden(path.Child(field), "may not be set for ExternalName services");
        var name = spec.At("externalName").Text("");
        name = name.EndsWith('.') ? name[..^1] : name;
        if (name.Length == 0)
            errors.Required(path.Child("externalName"));
        else
            errors.InvalidEach(path.Child("externalName"), name, NameRules.DnsSubdomain(name));
    }

    private static void Port(FieldErrors errors, JsonElement port, bool requiresName, HashSet<string> names, FieldPath path)
    {
        var name = port.At("name").Text("");
        if (requiresName && name.Length == 0)
        {
            errors.Required(path.Child("name"));
        }
        else if (name.Length > 0)
        {
            errors.InvalidEach(path.Child("name"), name, NameRules.DnsLabel(name));
            if (!names.Add(name))
                errors.Duplicate(path.Child("name"), name);
        }
        NumberRules.Port(errors, port.At("port").Integer() ?? 0, path.Child("port"));
        PodSpecValidation.OneOf(errors, port.At("protocol").Text(""), path.Child("protocol"), "SCTP", "TCP", "UDP");
        NumberRules.PortOrName(errors, port.At("targetPort"), path.Child("targetPort"));
        if (port.At("appProtocol").Text() is { } protocol)
            errors.InvalidEach(path.Child("appProtocol"), protocol, NameRules.QualifiedName(protocol));
    }

    private static void SessionAffinity(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        var affinity = spec.At("sessionAffinity").Text("");
        var config = spec.At("sessionAffinityConfig");
        var at = path.Child("sessionAffinityConfig");
        PodSpecValidation.OneOf(errors, affinity, path.Child("sessionAffinity"), "ClientIP", "None");
        if (affinity == "None" && config.Exists())
            errors.Forbidden(at, "must not be set when session affinity is None");
        if (affinity != "ClientIP")
            return;
        const string When = "when session affinity type is ClientIP";
        if (!config.Exists())
            errors.Required(at, When);
        else if (!config.At("clientIP").Exists())
            errors.Required(at.Child("clientIP"), When);
        else if (config.At("clientIP", "timeoutSeconds").Integer() is not { } seconds)
            errors.Required(at.Child("clientIP", "timeoutSeconds"), When);
        else if (seconds is <= 0 or > 86400)
            errors.Invalid(at.Child("clientIP", "timeoutSeconds"), seconds, "must be greater than 0 and less than 86400");
    }

    private static void Addresses(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        if (spec.At("type").Text() == "ExternalName")
            return;
        var address = spec.At("clusterIP").Text("");
        var addresses = spec.At("clusterIPs");
        var at = path.Child("clusterIPs");
        if (address.Length == 0 && addresses.Count() > 0)
            errors.Invalid(at, addresses, "must be empty when `clusterIP` is not specified");
        else if (address.Length > 0 && addresses.Count() == 0)
            errors.Required(at);
        else if (address.Length > 0 && addresses[0].Text("") != address)
            errors.Invalid(at, addresses, "first value must match `clusterIP`");
        if (spec.At("ipFamilyPolicy").Text() is { } policy && policy is not ("SingleStack" or "PreferDualStack" or "RequireDualStack"))
            errors.NotSupported(path.Child("ipFamilyPolicy"), policy, "PreferDualStack", "RequireDualStack", "SingleStack");
        var families = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < spec.At("ipFamilies").Count(); i++)
        {
            var family = spec.At("ipFamilies")[i].Text("");
            if (family is not ("IPv4" or "IPv6"))
                errors.NotSupported(path.Child("ipFamilies").Index(i), family, "IPv4", "IPv6");
            else if (!families.Add(family))
                errors.Duplicate(path.Child("ipFamilies").Index(i), family);
        }
        for (var i = 0; i < addresses.Count(); i++)
        {
            var text = addresses[i].Text("");
            if (i == 0 && text == "None")
            {
                if (addresses.Count() > 1)
                    errors.Invalid(at, addresses, "'None' must be the first and only value");
                continue;
            }
            AddressRules.Address(errors, text, at.Index(i));
        }
        if (addresses.Count() > 2)
            errors.Invalid(at, addresses, "may only hold up to 2 values");
    }

    private static void Repeated(FieldErrors errors, JsonElement ports, FieldPath path)
    {
        if (ports.Count() < 2)
            return;
        var nodePorts = new HashSet<(string, long)>();
        var seen = new HashSet<(string, long)>();
        for (var i = 0; i < ports.Count(); i++)
            if (ports[i].At("nodePort").Integer() is { } nodePort and not 0 && !nodePorts.Add((ports[i].At("protocol").Text(""), nodePort)))
                errors.Duplicate(path.Index(i).Child("nodePort"), nodePort);
        for (var i = 0; i < ports.Count(); i++)
        {
            var (protocol, number) = (ports[i].At("protocol").Text(""), ports[i].At("port").Integer() ?? 0);
            if (!seen.Add((protocol, number)))
                errors.DuplicateRendered(path.Index(i), "{\"Name\":\"\",\"Protocol\":" + GoText.Quote(protocol)
                    + $",\"AppProtocol\":null,\"Port\":{number},\"TargetPort\":0,\"NodePort\":0}}");
        }
    }

    private static void LoadBalancer(FieldErrors errors, JsonElement service, JsonElement spec, string type, FieldPath path)
    {
        const string Annotation = "service.beta.kubernetes.io/load-balancer-source-ranges";
        var ranges = spec.At("loadBalancerSourceRanges");
        if (ranges.Count() > 0)
        {
            var at = path.Child("LoadBalancerSourceRanges");
            if (type != "LoadBalancer")
                errors.Forbidden(at, OnlyLoadBalancer);
            for (var i = 0; i < ranges.Count(); i++)
                AddressRules.Range(errors, ranges[i].Text("").Trim(), at.Index(i));
        }
        else if (service.At("metadata", "annotations") is { ValueKind: JsonValueKind.Object } annotations && annotations.At(Annotation).Text() is { } text)
        {
            var at = FieldPath.Of("metadata", "annotations").Key(Annotation);
            if (type != "LoadBalancer")
                errors.Forbidden(at, OnlyLoadBalancer);
            foreach (var range in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
                AddressRules.Range(errors, range, at);
        }
        if (spec.At("allocateLoadBalancerNodePorts").Exists() && type != "LoadBalancer")
            errors.Forbidden(path.Child("allocateLoadBalancerNodePorts"), OnlyLoadBalancer);
        if (spec.At("loadBalancerClass").Text() is not { } balancer)
            return;
        if (type != "LoadBalancer")
            errors.Forbidden(path.Child("loadBalancerClass"), OnlyLoadBalancer);
        else
            errors.InvalidEach(path.Child("loadBalancerClass"), balancer, NameRules.QualifiedName(balancer));
    }

    private static void Traffic(FieldErrors errors, JsonElement spec, string type, FieldPath path)
    {
        var external = spec.At("externalTrafficPolicy").Text("");
        var isOutside = type is "NodePort" or "LoadBalancer" || (type == "ClusterIP" && spec.At("externalIPs").Count() > 0);
        if (!isOutside && external.Length > 0)
            errors.Invalid(path.Child("externalTrafficPolicy"), external, "may only be set for externally-accessible services");
        else if (isOutside)
            PodSpecValidation.OneOf(errors, external, path.Child("externalTrafficPolicy"), "Cluster", "Local");
        if (spec.At("healthCheckNodePort").Integer() is { } port and not 0)
        {
            if (type != "LoadBalancer" || external != "Local")
                errors.Invalid(path.Child("healthCheckNodePort"), port, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
            else
                NumberRules.Port(errors, port, path.Child("healthCheckNodePort"));
        }
        var @internal = spec.At("internalTrafficPolicy").Text();
        if (@internal is null && type is ("NodePort" or "LoadBalancer" or "ClusterIP"))
            errors.Required(path.Child("internalTrafficPolicy"));
        else if (@internal is not (null or "Cluster" or "Local"))
            errors.NotSupported(path.Child("internalTrafficPolicy"), @internal, "Cluster", "Local");
        if (spec.At("trafficDistribution").Text() is { } distribution && distribution is not ("PreferClose" or "PreferSameZone" or "PreferSameNode"))
            errors.NotSupported(path.Child("trafficDistribution"), distribution, "PreferClose", "PreferSameNode", "PreferSameZone");
    }
}
