using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of a pod's spec, in Kubernetes' order (<c>ValidatePodSpec</c> of <c>pkg/apis/core/validation</c>).</summary>
internal static class PodSpecValidation
{
    /// <summary>Checks a spec.</summary>
    /// <param name="errors">Where broken rules go.</param>
    /// <param name="spec">The spec, defaulted.</param>
    /// <param name="podName">The Pod's name, for the claims its ephemeral volumes make; null in a template.</param>
    /// <param name="path">Where the spec stands.</param>
    /// <param name="options">In what it stands.</param>
    public static void Validate(FieldErrors errors, JsonElement spec, string? podName, FieldPath path, PodValidationOptions options)
    {
        if (!spec.At("terminationGracePeriodSeconds").Exists())
            errors.Required(path.Child("terminationGracePeriodSeconds"));
        var security = spec.At("securityContext");
        var volumes = VolumeValidation.Validate(errors, spec.At("volumes"), podName, path.Child("volumes"));
        ResourceClaims(errors, spec.At("resourceClaims"), path.Child("resourceClaims"));
        var context = new PodContext(
            options, spec, volumes, spec.At("terminationGracePeriodSeconds").Integer(), spec.At("hostUsers").Flag(true));
        ContainerValidation.Regular(errors, context, path.Child("containers"));
        ContainerValidation.Init(errors, context, path.Child("initContainers"));
        ContainerValidation.Ephemeral(errors, context, path.Child("ephemeralContainers"));
        if (spec.At("resources") is { ValueKind: JsonValueKind.Object } resources)
            PodResources(errors, spec, resources, path.Child("resources"));

        HostNetworkPorts(errors, spec, path, options);
        OneOf(errors, spec.At("restartPolicy").Text(""), path.Child("restartPolicy"), "Always", "OnFailure", "Never");
        OneOf(errors, spec.At("dnsPolicy").Text(""), path.Child("dnsPolicy"), "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None");
        LabelValidation.Labels(errors, spec.At("nodeSelector"), path.Child("nodeSelector"));
        SecurityContextValidation.Pod(errors, security, spec, path.Child("securityContext"));
        SchedulingValidation.Affinity(errors, spec.At("affinity"), path.Child("affinity"));
        DnsConfig(errors, spec, path.Child("dnsConfig"));
        ReadinessGates(errors, spec.At("readinessGates"), path.Child("readinessGates"));
        SchedulingGates(errors, spec.At("schedulingGates"), path.Child("schedulingGates"));
        SchedulingValidation.TopologySpread(errors, spec.At("topologySpreadConstraints"), path.Child("topologySpreadConstraints"));
        SecurityContextValidation.HostUsers(errors, spec, path);

        Name(errors, spec, "serviceAccountName", path, NameRules.Subdomain);
        Name(errors, spec, "nodeName", path, NameRules.Subdomain);
        if (spec.At("activeDeadlineSeconds").Integer() is { } deadline and (< 1 or > int.MaxValue))
            errors.Invalid(path.Child("activeDeadlineSeconds"), deadline, NameRules.OutOfRange(1, int.MaxValue));
        Name(errors, spec, "hostname", path, NameRules.Label);
        Name(errors, spec, "subdomain", path, NameRules.Label);
        SchedulingValidation.Tolerations(errors, spec.At("tolerations"), path.Child("tolerations"));
        HostAliases(errors, spec.At("hostAliases"), path.Child("hostAliases"));
        Name(errors, spec, "priorityClassName", path, NameRules.Subdomain);
        if (spec.At("runtimeClassName").Text() is { } runtimeClass)
            errors.InvalidEach(path.Child("runtimeClassName"), runtimeClass, NameRules.DnsSubdomain(runtimeClass));
        if (spec.At("preemptionPolicy").Text() is { } preemption)
            OneOf(errors, preemption, path.Child("preemptionPolicy"), "PreemptLowerPriority", "Never");
        if (spec.At("overhead") is { ValueKind: JsonValueKind.Object } overhead)
            ResourceValidation.Limits(errors, overhead, path.Child("overhead").Child("limits"));
        OperatingSystem(errors, spec, path);
    }

    /// <summary>Exactly one of the words there are.</summary>
    public static void OneOf(FieldErrors errors, string value, FieldPath path, params ReadOnlySpan<string> supported)
    {
        if (value.Length == 0)
            errors.Required(path);
        else if (!supported.Contains(value))
            errors.NotSupported(path, value, supported);
    }

    private static void Name(FieldErrors errors, JsonElement spec, string field, FieldPath path, NameRule rule)
    {
        if (spec.At(field).Text() is { Length: > 0 } name)
            errors.InvalidEach(path.Child(field), name, rule(name, false));
    }

    private static void ResourceClaims(FieldErrors errors, JsonElement claims, FieldPath path)
    {
        if (claims.Count() == 0)
            return;
        var names = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var claim in claims.Items())
        {
            var at = path.Index(index++);
            var name = claim.At("name").Text("");
            if (name.Length == 0)
                errors.Required(at.Child("name"));
            else if (!names.Add(name))
                errors.Duplicate(at.Child("name"), name);
            else
                errors.InvalidEach(at.Child("name"), name, NameRules.DnsLabel(name));
            var direct = claim.At("resourceClaimName").Text();
            var template = claim.At("resourceClaimTemplateName").Text();
            if (direct is not null && template is not null)
                errors.Invalid(at, claim, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified");
            if (direct is null && template is null)
                errors.Invalid(at, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`");
            if (direct is not null)
                errors.InvalidEach(at.Child("resourceClaimName"), direct, NameRules.DnsSubdomain(direct));
            if (template is not null)
                errors.InvalidEach(at.Child("resourceClaimTemplateName"), template, NameRules.DnsSubdomain(template));
        }
    }

    private static void PodResources(FieldErrors errors, JsonElement spec, JsonElement resources, FieldPath path)
    {
        if (resources.At("claims").Exists())
            errors.Forbidden(path.Child("claims"), "claims cannot be set for Resources at pod-level");
        ResourceValidation.PodLevel(errors, resources, path);
        foreach (var name in (ReadOnlySpan<string>)["cpu", "memory"])
        {
            decimal sum = 0;
            foreach (var container in spec.At("containers").Items())
                sum += Amount.Of(container.At("resources", "requests", name));
            var requested = resources.At("requests", name);
            if (sum > Amount.Of(requested))
                errors.Invalid(path.Child("requests").Key(name), Amount.Text(requested),
                    $"must be greater than or equal to aggregate container requests of {ResourceValidation.Sum(spec, name)}");
        }
        var index = 0;
        foreach (var container in spec.At("containers").Items())
        {
            var at = path.Child("containers").Index(index++);
            foreach (var limit in container.At("resources", "limits").Fields())
                if (resources.At("limits", limit.Name) is var most && most.Exists() && Amount.Of(limit.Value) > Amount.Of(most))
                    errors.Invalid(at.Key(limit.Name).Child("limits"), Amount.Text(limit.Value), $"must be less than or equal to pod limits of {Amount.Text(most)}");
        }
    }

    private static void HostNetworkPorts(FieldErrors errors, JsonElement spec, FieldPath path, PodValidationOptions options)
    {
        if (!spec.At("hostNetwork").Flag(false))
            return;
        var index = 0;
        foreach (var container in spec.At("containers").Items())
        {
            var ports = path.Child("containers").Index(index++).Child("ports");
            var portIndex = 0;
            foreach (var port in container.At("ports").Items())
            {
                var at = ports.Index(portIndex++);
                var host = port.At("hostPort").Integer() ?? 0;
                if ((options.IsPod || host != 0) && host != port.At("containerPort").Integer(0))
                    errors.Invalid(at.Child("hostPort"), host, "must match `containerPort` when `hostNetwork` is true");
            }
        }
    }

    private static void DnsConfig(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        var config = spec.At("dnsConfig");
        if (spec.At("dnsPolicy").Text() == "None")
        {
            if (!config.Exists())
            {
                errors.Required(path, "must provide `dnsConfig` when `dnsPolicy` is None");
                return;
            }
            if (config.At("nameservers").Count() == 0)
            {
                errors.Required(path.Child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None");
                return;
            }
        }
        if (!config.Exists())
            return;
        var servers = config.At("nameservers");
        if (servers.Count() > 3)
            errors.Invalid(path.Child("nameservers"), servers, "must not have more than 3 nameservers");
        var index = 0;
        foreach (var server in servers.Items())
            AddressRules.Address(errors, server.Text(""), path.Child("nameservers").Index(index++));
        var searches = config.At("searches");
        if (searches.Count() > 32)
            errors.Invalid(path.Child("searches"), searches, "must not have more than 32 search paths");
        if (searches.Items().Sum(search => search.Text("").Length + 1) - 1 > 2048)
            errors.Invalid(path.Child("searches"), searches, "must not have more than 2048 characters (including spaces) in the search list");
        index = 0;
        foreach (var search in searches.Items())
        {
            var at = path.Child("searches").Index(index++);
            if (search.Text("") is var text && text != ".")
            {
                var domain = text.EndsWith('.') ? text[..^1] : text;
                errors.InvalidEach(at, domain, NameRules.DnsSubdomainWithUnderscore(domain));
            }
        }
        index = 0;
        foreach (var option in config.At("options").Items())
        {
            var at = path.Child("options").Index(index++);
            if (option.At("name").Text("").Length == 0)
                errors.Required(at, "must not be empty");
        }
    }

    private static void ReadinessGates(FieldErrors errors, JsonElement gates, FieldPath path)
    {
        var index = 0;
        foreach (var gate in gates.Items())
        {
            var condition = gate.At("conditionType").Text("");
            errors.InvalidEach(path.Index(index++).Child("conditionType"), condition, NameRules.QualifiedName(condition));
        }
    }

    private static void SchedulingGates(FieldErrors errors, JsonElement gates, FieldPath path)
    {
        if (gates.Count() == 0)
            return;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var gate in gates.Items())
        {
            var at = path.Index(index++);
            var name = gate.At("name").Text("");
            errors.InvalidEach(at, name, NameRules.QualifiedName(name));
            if (!seen.Add(name))
                errors.Duplicate(at, name);
        }
    }

    private static void HostAliases(FieldErrors errors, JsonElement aliases, FieldPath path)
    {
        var index = 0;
        foreach (var alias in aliases.Items())
        {
            var at = path.Index(index++);
            AddressRules.Address(errors, alias.At("ip").Text(""), at.Child("ip"));
            var hostIndex = 0;
            foreach (var host in alias.At("hostnames").Items())
                errors.InvalidEach(at.Child("hostnames").Index(hostIndex++), host.Text(""), NameRules.DnsSubdomain(host.Text("")));
        }
    }

    private static void OperatingSystem(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        if (!spec.At("os").Exists())
            return;
        var name = spec.At("os", "name").Text("");
        if (name.Length == 0)
            errors.Required(path.Child("os").Child("name"), "cannot be empty");
        else if (name is not ("linux" or "windows"))
            errors.NotSupported(path.Child("os"), name, "linux", "windows");
        else if (name == "linux")
            SecurityContextValidation.Linux(errors, spec, path);
        else
            SecurityContextValidation.Windows(errors, spec, path);
    }
}
