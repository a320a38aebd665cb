using static ClusterSim.Admission.PodSecurityStandards.PodSecurityWords;

namespace ClusterSim.Admission.PodSecurityStandards;

/// <summary>What the restricted level asks beyond the baseline (<c>k8s.io/pod-security-admission/policy</c>).</summary>
internal static class RestrictedChecks
{
    private static readonly string[] VolumeTypes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<PodSecurityCheck> All { get; } =
    [
        new("allowPrivilegeEscalation", PodSecurityLevel.Restricted, 8, AllowPrivilegeEscalation),
        new("capabilities_restricted", PodSecurityLevel.Restricted, 22, Capabilities, "capabilities_baseline"),
        new("restrictedVolumes", PodSecurityLevel.Restricted, 0, Volumes, "hostPathVolumes"),
        new("runAsNonRoot", PodSecurityLevel.Restricted, 0, RunAsNonRoot),
        new("runAsUser", PodSecurityLevel.Restricted, 23, RunAsUser),
        new("seccompProfile_restricted", PodSecurityLevel.Restricted, 19, SeccompProfile, "seccompProfile_baseline"),
    ];

    private static PodSecurityViolation? AllowPrivilegeEscalation(PodUnderCheck pod)
    {
        if (pod.IsWindows)
            return null;
        var containers = pod.Containers.Where(one => one.Context.At("allowPrivilegeEscalation").Flag(true)).Select(one => one.Name).ToList();
        return containers.Count == 0 ? null : new("allowPrivilegeEscalation != false", $"{Containers(containers)} must set securityContext.allowPrivilegeEscalation=false");
    }

    private static PodSecurityViolation? Capabilities(PodUnderCheck pod)
    {
        if (pod.IsWindows)
            return null;
        var keeping = pod.Containers.Where(one => !one.Context.At("capabilities", "drop").Items().Any(item => item.Text() == "ALL")).Select(one => one.Name).ToList();
        var adding = pod.Containers
            .Select(one => (one.Name, Added: one.Context.At("capabilities", "add").Items().Select(item => item.Text("")).Where(name => name != "NET_BIND_SERVICE").ToList()))
            .Where(one => one.Added.Count > 0).ToList();
        var details = new List<string>();
        if (keeping.Count > 0)
            details.Add($"{Containers(keeping)} must set securityContext.capabilities.drop=[\"ALL\"]");
        if (adding.Count > 0)
            details.Add($"{Containers([.. adding.Select(one => one.Name)])} must not include {Quoted(Sorted(adding.SelectMany(one => one.Added)))} in securityContext.capabilities.add");
        return details.Count == 0 ? null : new("unrestricted capabilities", string.Join("; ", details));
    }

    private static PodSecurityViolation? Volumes(PodUnderCheck pod)
    {
        var found = new List<string>();
        var types = new List<string>();
        foreach (var volume in pod.Spec.At("volumes").Items())
        {
            if (VolumeTypes.Any(type => volume.At(type).Exists()))
                continue;
            found.Add(volume.At("name").Text(""));
            types.Add(volume.Fields().FirstOrDefault(field => field.Name != "name" && field.Value.Exists()) is { Value.ValueKind: not System.Text.Json.JsonValueKind.Undefined } type ? type.Name : "unknown");
        }
        return found.Count == 0 ? null : new("restricted volume types",
            $"{Plural("volume", "volumes", found.Count)} {Quoted(found)} {Plural("uses", "use", found.Count)} restricted volume {Plural("type", "types", Sorted(types).Count)} {Quoted(Sorted(types))}");
    }

    private static PodSecurityViolation? RunAsNonRoot(PodUnderCheck pod)
    {
        if (pod.HasUserNamespace)
            return null;
        var podSays = pod.Context.At("runAsNonRoot").Flag();
        var roots = pod.Containers.Where(one => one.Context.At("runAsNonRoot").Flag() == false).Select(one => one.Name).ToList();
        if (podSays == false || roots.Count > 0)
            return new("runAsNonRoot != true", $"{Setters(podSays == false, roots)} must not set securityContext.runAsNonRoot=false");
        var silent = podSays == true ? [] : pod.Containers.Where(one => one.Context.At("runAsNonRoot").Flag() is null).Select(one => one.Name).ToList();
        return silent.Count == 0 ? null : new("runAsNonRoot != true", $"pod or {Containers(silent)} must set securityContext.runAsNonRoot=true");
    }

    private static PodSecurityViolation? RunAsUser(PodUnderCheck pod)
    {
        if (pod.HasUserNamespace)
            return null;
        var podSets = pod.Context.At("runAsUser").Integer() == 0;
        var containers = pod.Containers.Where(one => one.Context.At("runAsUser").Integer() == 0).Select(one => one.Name).ToList();
        return !podSets && containers.Count == 0 ? null : new("runAsUser=0", $"{Setters(podSets, containers)} must not set runAsUser=0");
    }

    private static PodSecurityViolation? SeccompProfile(PodUnderCheck pod)
    {
        if (pod.IsWindows)
            return null;
        if (SeccompChecks.Explicit(pod) is { } set)
            return set;
        var silent = SeccompChecks.Sets(pod.Context) ? [] : pod.Containers.Where(one => !SeccompChecks.Sets(one.Context)).Select(one => one.Name).ToList();
        return silent.Count == 0 ? null
            : new("seccompProfile", $"pod or {Containers(silent)} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"");
    }
}
