using System.Text.Json;
using static ClusterSim.Admission.PodSecurityStandards.PodSecurityWords;

namespace ClusterSim.Admission.PodSecurityStandards;

/// <summary>The baseline level's rules (<c>k8s.io/pod-security-admission/policy</c>).</summary>
internal static class BaselineChecks
{
    private static readonly string[] Capabilities =
    [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    ];

    private static readonly (string Name, int Minor)[] Sysctls =
    [
        ("kernel.shm_rmid_forced", 0), ("net.ipv4.ip_local_port_range", 0), ("net.ipv4.tcp_syncookies", 0), ("net.ipv4.ping_group_range", 0),
        ("net.ipv4.ip_unprivileged_port_start", 0), ("net.ipv4.ip_local_reserved_ports", 27), ("net.ipv4.tcp_keepalive_time", 29),
        ("net.ipv4.tcp_fin_timeout", 29), ("net.ipv4.tcp_keepalive_intvl", 29), ("net.ipv4.tcp_keepalive_probes", 29),
        ("net.ipv4.tcp_rmem", 32), ("net.ipv4.tcp_wmem", 32),
    ];

    /// <summary>All of them.</summary>
    public static IReadOnlyList<PodSecurityCheck> All { get; } =
    [
        new("appArmorProfile", PodSecurityLevel.Baseline, 0, AppArmorProfile),
        new("capabilities_baseline", PodSecurityLevel.Baseline, 0, AddedCapabilities),
        new("hostNamespaces", PodSecurityLevel.Baseline, 0, HostNamespaces),
        new("hostPathVolumes", PodSecurityLevel.Baseline, 0, HostPathVolumes),
        new("hostPorts", PodSecurityLevel.Baseline, 0, HostPorts),
        new("hostProbesAndHostLifecycle", PodSecurityLevel.Baseline, 34, ProbeHosts),
        new("privileged", PodSecurityLevel.Baseline, 0, Privileged),
        new("procMount", PodSecurityLevel.Baseline, 0, ProcMount),
        new("seLinuxOptions", PodSecurityLevel.Baseline, 0, SeLinuxOptions),
        new("seccompProfile_baseline", PodSecurityLevel.Baseline, 0, SeccompProfile),
        new("sysctls", PodSecurityLevel.Baseline, 0, UnsafeSysctls),
        new("windowsHostProcess", PodSecurityLevel.Baseline, 0, WindowsHostProcess),
    ];

    private static PodSecurityViolation? AppArmorProfile(PodUnderCheck pod)
    {
        const string Prefix = "container.apparmor.security.beta.kubernetes.io/";
        var values = new List<string>();
        var podSets = Bad(pod.Context);
        var containers = pod.Containers.Where(one => Bad(one.Context)).Select(one => one.Name).ToList();
        var annotations = pod.Metadata.At("annotations").Fields()
            .Where(field => field.Name.StartsWith(Prefix, StringComparison.Ordinal)
                && field.Value.Text("") is { Length: > 0 } value && value != "runtime/default" && !value.StartsWith("localhost/", StringComparison.Ordinal))
            .ToList();
        if (!podSets && containers.Count == 0 && annotations.Count == 0)
            return null;
        var setters = ((IEnumerable<string>)[
            Setters(podSets, containers),
            annotations.Count == 0 ? "" : Plural("annotation", "annotations", annotations.Count)])
            .Where(text => text.Length > 0);
        List<string> bad = [.. Sorted(values), .. Sorted(annotations.Select(field => $"{field.Name}={GoText.Quote(field.Value.Text(""))}"))];
        return new(Plural("forbidden AppArmor profile", "forbidden AppArmor profiles", bad.Count),
            $"{string.Join(" and ", setters)} must not set AppArmor profile type to {Quoted(bad)}");

        bool Bad(JsonElement context)
        {
            if (context.At("appArmorProfile", "type").Text() is not { } type || type is "RuntimeDefault" or "Localhost")
                return false;
            values.Add(type);
            return true;
        }
    }

    private static PodSecurityViolation? AddedCapabilities(PodUnderCheck pod)
    {
        var found = pod.Containers
            .Select(one => (one.Name, Added: one.Context.At("capabilities", "add").Items().Select(item => item.Text("")).Where(name => !Capabilities.Contains(name)).ToList()))
            .Where(one => one.Added.Count > 0).ToList();
        return found.Count == 0 ? null : new("non-default capabilities",
            $"{Containers([.. found.Select(one => one.Name)])} must not include {Quoted(Sorted(found.SelectMany(one => one.Added)))} in securityContext.capabilities.add");
    }

    private static PodSecurityViolation? HostNamespaces(PodUnderCheck pod)
    {
        var used = ((ReadOnlySpan<string>)["hostNetwork", "hostPID", "hostIPC"]).ToArray().Where(name => pod.Spec.At(name).Flag(false)).ToList();
        return used.Count == 0 ? null : new("host namespaces", string.Join(", ", used.Select(name => $"{name}=true")));
    }

    private static PodSecurityViolation? HostPathVolumes(PodUnderCheck pod)
    {
        var volumes = pod.Spec.At("volumes").Items().Where(volume => volume.At("hostPath").Exists()).Select(volume => volume.At("name").Text("")).ToList();
        return volumes.Count == 0 ? null : new("hostPath volumes", $"{Plural("volume", "volumes", volumes.Count)} {Quoted(volumes)}");
    }

    private static PodSecurityViolation? HostPorts(PodUnderCheck pod)
    {
        var found = pod.Containers
            .Select(one => (one.Name, Ports: one.Container.At("ports").Items().Select(port => port.At("hostPort").Integer() ?? 0).Where(port => port != 0).ToList()))
            .Where(one => one.Ports.Count > 0).ToList();
        if (found.Count == 0)
            return null;
        var ports = Sorted(found.SelectMany(one => one.Ports).Select(port => port.ToString()));
        return new("hostPort",
            $"{Containers([.. found.Select(one => one.Name)])} {Plural("uses", "use", found.Count)} {Plural("hostPort", "hostPorts", ports.Count)} {string.Join(", ", ports)}");
    }

    private static PodSecurityViolation? ProbeHosts(PodUnderCheck pod)
    {
        var found = pod.Containers.Select(one => (one.Name, Hosts: Hosts(one.Container).ToList())).Where(one => one.Hosts.Count > 0).ToList();
        if (found.Count == 0)
            return null;
        var names = Sorted(found.Select(one => one.Name));
        var hosts = Sorted(found.SelectMany(one => one.Hosts));
        return new("probe or lifecycle host",
            $"{Containers(names)} {Plural("uses", "use", names.Count)} {Plural("probe or lifecycle host", "probe or lifecycle hosts", hosts.Count)} {Quoted(hosts)}");

        static IEnumerable<string> Hosts(JsonElement container) =>
            ((ReadOnlySpan<JsonElement>)[
                container.At("livenessProbe"), container.At("readinessProbe"), container.At("startupProbe"),
                container.At("lifecycle", "postStart"), container.At("lifecycle", "preStop")]).ToArray()
            .SelectMany(handler => (IEnumerable<string>)[handler.At("httpGet", "host").Text(""), handler.At("tcpSocket", "host").Text("")])
            .Where(host => host.Length > 0);
    }

    private static PodSecurityViolation? Privileged(PodUnderCheck pod)
    {
        var containers = pod.Containers.Where(one => one.Context.At("privileged").Flag(false)).Select(one => one.Name).ToList();
        return containers.Count == 0 ? null : new("privileged", $"{Containers(containers)} must not set securityContext.privileged=true");
    }

    private static PodSecurityViolation? ProcMount(PodUnderCheck pod)
    {
        if (pod.HasUserNamespace)
            return null;
        var found = pod.Containers.Select(one => (one.Name, Mount: one.Context.At("procMount").Text())).Where(one => one.Mount is not (null or "Default")).ToList();
        return found.Count == 0 ? null : new("procMount",
            $"{Containers([.. found.Select(one => one.Name)])} must not set securityContext.procMount to {Quoted(Sorted(found.Select(one => one.Mount!)))}");
    }

    private static PodSecurityViolation? SeLinuxOptions(PodUnderCheck pod)
    {
        var types = new List<string>();
        var (user, role) = (false, false);
        var podSets = Bad(pod.Context);
        var containers = pod.Containers.Where(one => Bad(one.Context)).Select(one => one.Name).ToList();
        if (!podSets && containers.Count == 0)
            return null;
        var bad = Sorted(types);
        var what = ((IEnumerable<string>)[
            bad.Count > 0 ? $"{Plural("type", "types", bad.Count)} {Quoted(bad)}" : "", user ? "user may not be set" : "", role ? "role may not be set" : ""])
            .Where(text => text.Length > 0);
        return new("seLinuxOptions", $"{Setters(podSets, containers)} set forbidden securityContext.seLinuxOptions: {string.Join("; ", what)}");

        bool Bad(JsonElement context)
        {
            var options = context.At("seLinuxOptions");
            var badType = options.At("type").Text("") is { Length: > 0 } type && type is not ("container_t" or "container_init_t" or "container_kvm_t")
                && !(type == "container_engine_t" && pod.Minor >= 31);
            if (badType)
                types.Add(options.At("type").Text(""));
            var (setsUser, setsRole) = (options.At("user").Text("").Length > 0, options.At("role").Text("").Length > 0);
            user |= setsUser;
            role |= setsRole;
            return badType || setsUser || setsRole;
        }
    }

    private static PodSecurityViolation? SeccompProfile(PodUnderCheck pod)
    {
        if (pod.Minor < 19)
            return SeccompAnnotations(pod);
        return SeccompChecks.Explicit(pod);
    }

    private static PodSecurityViolation? SeccompAnnotations(PodUnderCheck pod)
    {
        var keys = pod.Containers.Select(one => $"container.seccomp.security.alpha.kubernetes.io/{one.Name}").Append("seccomp.security.alpha.kubernetes.io/pod").ToHashSet(StringComparer.Ordinal);
        var bad = Sorted(pod.Metadata.At("annotations").Fields()
            .Where(field => keys.Contains(field.Name) && field.Value.Text("") is not ("runtime/default" or "docker/default") && !field.Value.Text("").StartsWith("localhost/", StringComparison.Ordinal))
            .Select(field => $"{field.Name}={GoText.Quote(field.Value.Text(""))}"));
        return bad.Count == 0 ? null : new("seccompProfile", $"forbidden {Plural("annotation", "annotations", bad.Count)} {string.Join(", ", bad)}");
    }

    private static PodSecurityViolation? UnsafeSysctls(PodUnderCheck pod)
    {
        var bad = pod.Context.At("sysctls").Items().Select(item => item.At("name").Text(""))
            .Where(name => !Sysctls.Any(safe => safe.Name == name && safe.Minor <= pod.Minor)).ToList();
        return bad.Count == 0 ? null : new("forbidden sysctls", string.Join(", ", bad));
    }

    private static PodSecurityViolation? WindowsHostProcess(PodUnderCheck pod)
    {
        var podSets = pod.Context.At("windowsOptions", "hostProcess").Flag(false);
        var containers = pod.Containers.Where(one => one.Context.At("windowsOptions", "hostProcess").Flag(false)).Select(one => one.Name).ToList();
        return !podSets && containers.Count == 0 ? null
            : new("hostProcess", $"{Setters(podSets, containers)} must not set securityContext.windowsOptions.hostProcess=true");
    }
}

/// <summary>What both levels say of seccomp profiles.</summary>
internal static class SeccompChecks
{
    /// <summary>Profiles that are set to what is not allowed; null for none.</summary>
    public static PodSecurityViolation? Explicit(PodUnderCheck pod)
    {
        var podSets = IsBad(pod.Context);
        var containers = pod.Containers.Where(one => IsBad(one.Context)).Select(one => one.Name).ToList();
        if (!podSets && containers.Count == 0)
            return null;
        var values = Sorted(pod.Containers.Select(one => one.Context).Append(pod.Context).Where(IsBad).Select(TypeOf));
        return new("seccompProfile", $"{Setters(podSets, containers)} must not set securityContext.seccompProfile.type to {Quoted(values)}");
    }

    /// <summary>Whether a context has a profile.</summary>
    public static bool Sets(JsonElement context) => context.At("seccompProfile").Exists();

    private static bool IsBad(JsonElement context) => Sets(context) && TypeOf(context) is not ("RuntimeDefault" or "Localhost");

    private static string TypeOf(JsonElement context) => context.At("seccompProfile", "type").Text("");
}
