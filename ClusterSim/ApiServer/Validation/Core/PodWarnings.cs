using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>What the writer of a Pod or a template is warned of (<c>pkg/api/pod/warnings.go</c>): legal, and probably a mistake.</summary>
internal static class PodWarnings
{
    private const string NullSelector = "a null labelSelector results in matching no pod";

    private static readonly Dictionary<string, string> DeprecatedNodeLabels = new(StringComparer.Ordinal)
    {
        ["beta.kubernetes.io/arch"] = "deprecated since v1.14; use \"kubernetes.io/arch\" instead",
        ["beta.kubernetes.io/os"] = "deprecated since v1.14; use \"kubernetes.io/os\" instead",
        ["failure-domain.beta.kubernetes.io/region"] = "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
        ["failure-domain.beta.kubernetes.io/zone"] = "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
        ["beta.kubernetes.io/instance-type"] = "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    };

    private static readonly (string Annotation, string Message)[] DeprecatedAnnotations =
    [
        ("scheduler.alpha.kubernetes.io/critical-pod", "non-functional in v1.16+; use the \"priorityClassName\" field instead"),
        ("security.alpha.kubernetes.io/sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
        ("security.alpha.kubernetes.io/unsafe-sysctls", "non-functional in v1.11+; use the \"sysctls\" field instead"),
    ];

    private static readonly (string Volume, string Message)[] DeprecatedVolumes =
    [
        ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"), ("gitRepo", "deprecated in v1.11"),
        ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"), ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
        ("storageos", "deprecated in v1.22, non-functional in v1.25+"), ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
        ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"), ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
        ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
    ];

    /// <summary>The warnings of a template that stands at <paramref name="path"/>.</summary>
    public static IReadOnlyList<string> OfTemplate(JsonElement template, FieldPath path) => Of(template.At("metadata"), template.At("spec"), path);

    /// <summary>The warnings of a Pod (<paramref name="path"/> null) or a template.</summary>
    public static IReadOnlyList<string> Of(JsonElement metadata, JsonElement spec, FieldPath? path)
    {
        var warnings = new List<string>();
        var at = path?.Child("spec") ?? FieldPath.Spec;
        NodeLabels(warnings, spec, at);
        var annotations = metadata.At("annotations");
        var annotationsPath = (path?.Child("metadata") ?? FieldPath.Metadata).Child("annotations");
        foreach (var (annotation, message) in DeprecatedAnnotations)
            if (annotations.At(annotation).Exists())
                warnings.Add($"{annotationsPath.Key(annotation)}: {message}");
        Volumes(warnings, spec.At("volumes"), at.Child("volumes"));
        Repeated(warnings, spec.At("hostAliases"), "ip", at.Child("hostAliases"));
        Repeated(warnings, spec.At("imagePullSecrets"), "name", at.Child("imagePullSecrets"));
        for (var i = 0; i < spec.At("imagePullSecrets").Count(); i++)
            if (spec.At("imagePullSecrets")[i].At("name").Text("").Length == 0)
                warnings.Add($"{at.Child("imagePullSecrets").Index(i).Child("name")}: invalid empty name \"\"");
        Fractions(warnings, spec.At("overhead"), at.Child("overhead"));
        Seccomp(warnings, annotations, "seccomp.security.alpha.kubernetes.io/pod", spec.At("securityContext"), annotationsPath);
        foreach (var (container, containerPath) in SecurityContextValidation.Containers(spec, at))
        {
            var name = container.At("name").Text("");
            var context = container.At("securityContext");
            Seccomp(warnings, annotations, "container.seccomp.security.alpha.kubernetes.io/" + name, context, annotationsPath);
            var appArmor = "container.apparmor.security.beta.kubernetes.io/" + name;
            if (path is not null && annotations.Exists() && annotations.At(appArmor).Exists()
                && !context.At("appArmorProfile").Exists() && !spec.At("securityContext", "appArmorProfile").Exists())
                warnings.Add($"{annotationsPath.Key(appArmor)}: deprecated since v1.30; use the \"appArmorProfile\" field instead");
            Fractions(warnings, container.At("resources", "limits"), containerPath.Child("resources", "limits"));
            Fractions(warnings, container.At("resources", "requests"), containerPath.Child("resources", "requests"));
            HiddenVariables(warnings, container.At("env"), containerPath.Child("env"));
        }
        Ports(warnings, spec, at);
        if (spec.At("terminationGracePeriodSeconds").Integer() < 0)
            warnings.Add($"{at.Child("terminationGracePeriodSeconds")}: must be >= 0; negative values are invalid and will be treated as 1");
        NullSelectors(warnings, spec.At("affinity"), at.Child("affinity"));
        return warnings;
    }

    private static void NodeLabels(List<string> warnings, JsonElement spec, FieldPath path)
    {
        foreach (var label in spec.At("nodeSelector").Fields())
            if (DeprecatedNodeLabels.TryGetValue(label.Name, out var message))
                warnings.Add($"{path.Child("nodeSelector").Key(label.Name)}: {message}");
        var node = spec.At("affinity", "nodeAffinity");
        var nodePath = path.Child("affinity", "nodeAffinity");
        var index = 0;
        foreach (var term in node.At("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms").Items())
            NodeTerm(warnings, term, nodePath.Child("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms").Index(index++));
        index = 0;
        foreach (var term in node.At("preferredDuringSchedulingIgnoredDuringExecution").Items())
            NodeTerm(warnings, term.At("preference"), nodePath.Child("preferredDuringSchedulingIgnoredDuringExecution").Index(index++).Child("preference"));
        index = 0;
        foreach (var constraint in spec.At("topologySpreadConstraints").Items())
        {
            var at = path.Child("topologySpreadConstraints").Index(index++);
            var key = constraint.At("topologyKey").Text("");
            if (DeprecatedNodeLabels.TryGetValue(key, out var message))
                warnings.Add($"{at.Child("topologyKey")}: {key} is {message}");
            if (!constraint.At("labelSelector").Exists())
                warnings.Add($"{at.Child("labelSelector")}: {NullSelector}");
        }
    }

    private static void NodeTerm(List<string> warnings, JsonElement term, FieldPath path)
    {
        var index = 0;
        foreach (var requirement in term.At("matchExpressions").Items())
        {
            var at = path.Child("matchExpressions").Index(index++);
            var key = requirement.At("key").Text("");
            if (DeprecatedNodeLabels.TryGetValue(key, out var message))
                warnings.Add($"{at.Child("key")}: {key} is {message}");
        }
    }

    private static void Volumes(List<string> warnings, JsonElement volumes, FieldPath path)
    {
        var index = 0;
        foreach (var volume in volumes.Items())
        {
            var at = path.Index(index++);
            foreach (var (source, message) in DeprecatedVolumes)
                if (volume.At(source).Exists())
                    warnings.Add($"{at.Child(source)}: {message}");
            var claim = volume.At("ephemeral", "volumeClaimTemplate", "spec");
            if (claim.Exists())
                Claim(warnings, claim, at.Child("ephemeral", "volumeClaimTemplate", "spec"));
        }
        ProjectedOverToken(warnings, volumes, path);
    }

    /// <summary>A claim for a fraction of a byte.</summary>
    public static void Claim(List<string> warnings, JsonElement spec, FieldPath path)
    {
        foreach (var kind in (ReadOnlySpan<string>)["requests", "limits"])
            if (spec.At("resources", kind, "storage") is var storage && storage.Exists() && !Amount.IsWhole(storage))
                warnings.Add($"{path.Child("resources", kind).Key("storage")}: fractional byte value {GoText.Quote(Amount.Text(storage))} is invalid, must be an integer");
    }

    // A projected file that lands where the account's token does.
    private static void ProjectedOverToken(List<string> warnings, JsonElement volumes, FieldPath path)
    {
        var tokens = volumes.Items().SelectMany(volume => volume.At("projected", "sources").Items())
            .Select(source => source.At("serviceAccountToken", "path").Text()).OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (tokens.Count == 0)
            return;
        var index = 0;
        foreach (var volume in volumes.Items())
        {
            var at = path.Index(index++).Child("projected", "sources");
            foreach (var source in volume.At("projected", "sources").Items())
                foreach (var (kind, called) in (ReadOnlySpan<(string, string)>)[("configMap", "configMap"), ("secret", "secrets"), ("downwardAPI", "downwardAPI")])
                {
                    var itemIndex = 0;
                    foreach (var item in source.At(kind, "items").Items())
                    {
                        var itemPath = at.Child(called).Index(itemIndex++);
                        if (item.At("path").Text("") is var file && tokens.Contains(file))
                            warnings.Add($"{itemPath}: has duplicated path with ServiceAccountToken {GoText.Quote(file)}");
                    }
                }
        }
    }

    private static void Repeated(List<string> warnings, JsonElement items, string field, FieldPath path)
    {
        if (items.Count() < 2)
            return;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var item in items.Items())
        {
            var at = path.Index(index++);
            var value = item.At(field).Text("");
            if (!seen.Add(value))
                warnings.Add($"{at.Child(field)}: duplicate {field} {GoText.Quote(value)}");
        }
    }

    private static void Fractions(List<string> warnings, JsonElement amounts, FieldPath path)
    {
        foreach (var name in (ReadOnlySpan<string>)["memory", "ephemeral-storage"])
            if (amounts.At(name) is var amount && amount.Exists() && !Amount.IsWhole(amount))
                warnings.Add($"{path.Key(name)}: fractional byte value {GoText.Quote(Amount.Text(amount))} is invalid, must be an integer");
    }

    private static void Seccomp(List<string> warnings, JsonElement annotations, string annotation, JsonElement context, FieldPath path)
    {
        if (annotations.Exists() && !context.At("seccompProfile").Exists() && annotations.At(annotation).Exists())
            warnings.Add($"{path.Key(annotation)}: non-functional in v1.27+; use the \"seccompProfile\" field instead");
    }

    private static void HiddenVariables(List<string> warnings, JsonElement variables, FieldPath path)
    {
        if (variables.Count() < 2)
            return;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var variable in variables.Items())
        {
            var at = path.Index(index++);
            var name = variable.At("name").Text("");
            if (seen.Add(name))
                continue;
            var value = variable.At("value").Text("");
            var reference = $"$({name})";
            if (variable.At("valueFrom").Exists() || value == reference || !value.Contains(reference, StringComparison.Ordinal))
                warnings.Add($"{at}: hides previous definition of {GoText.Quote(name)}, which may be dropped when using apply");
        }
    }

    private static void Ports(List<string> warnings, JsonElement spec, FieldPath path)
    {
        var all = new List<(string Key, string HostIp, long HostPort, FieldPath Path)>();
        foreach (var (container, containerPath) in SecurityContextValidation.Containers(spec, path))
        {
            var index = 0;
            foreach (var port in container.At("ports").Items())
            {
                var at = containerPath.Child("ports").Index(index++);
                var hostIp = port.At("hostIP").Text("");
                var hostPort = port.At("hostPort").Integer() ?? 0;
                if (hostIp.Length > 0 && hostPort == 0)
                    warnings.Add($"{at}: hostIP set without hostPort: {{Name:{port.At("name").Text("")} HostPort:0 ContainerPort:"
                        + $"{port.At("containerPort").Integer(0)} Protocol:{port.At("protocol").Text("")} HostIP:{hostIp}}}");
                var key = $"{port.At("containerPort").Integer(0)}/{port.At("protocol").Text("")}";
                foreach (var other in all)
                {
                    if (other.Key != key)
                        continue;
                    if (other.HostIp == hostIp && other.HostPort == hostPort)
                        warnings.Add($"{at}: duplicate port definition with {other.Path}");
                    else if (other.HostPort == 0 || hostPort == 0)
                        warnings.Add($"{at}: overlapping port definition with {other.Path}");
                    else if (other.HostPort == hostPort && (other.HostIp.Length == 0) != (hostIp.Length == 0))
                        warnings.Add($"{at}: dangerously ambiguous port definition with {other.Path}");
                }
                all.Add((key, hostIp, hostPort, at));
            }
        }
    }

    private static void NullSelectors(List<string> warnings, JsonElement affinity, FieldPath path)
    {
        foreach (var kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
        {
            var index = 0;
            foreach (var term in affinity.At(kind, "requiredDuringSchedulingIgnoredDuringExecution").Items())
            {
                var at = path.Child(kind, "requiredDuringSchedulingIgnoredDuringExecution").Index(index++);
                if (!term.At("labelSelector").Exists())
                    warnings.Add($"{at.Child("labelSelector")}: {NullSelector}");
            }
            index = 0;
            foreach (var term in affinity.At(kind, "preferredDuringSchedulingIgnoredDuringExecution").Items())
            {
                var at = path.Child(kind, "preferredDuringSchedulingIgnoredDuringExecution").Index(index++);
                if (!term.At("podAffinityTerm", "labelSelector").Exists())
                    warnings.Add($"{at.Child("podAffinityTerm", "labelSelector")}: {NullSelector}");
            }
        }
    }
}
