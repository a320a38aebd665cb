using System.Text.Json;
using System.Text.RegularExpressions;
using ClusterSim.Objects;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of security contexts, a pod's and a container's.</summary>
internal static partial class SecurityContextValidation
{
    private const string SysctlFormat = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
    private const string NotForWindows = "cannot be set for a windows pod";
    private const string NotForLinux = "windows options cannot be set for a linux pod";

    /// <summary>A pod's.</summary>
    public static void Pod(FieldErrors errors, JsonElement context, JsonElement spec, FieldPath path)
    {
        if (context.Count() > 0)
        {
            NumberRules.Id(errors, context.At("fsGroup"), path.Child("fsGroup"));
            NumberRules.Id(errors, context.At("runAsUser"), path.Child("runAsUser"));
            NumberRules.Id(errors, context.At("runAsGroup"), path.Child("runAsGroup"));
            var index = 0;
            foreach (var group in context.At("supplementalGroups").Items())
                NumberRules.Id(errors, group, path.Child("supplementalGroups").Index(index++));
        }
        if (spec.At("shareProcessNamespace").Flag(false) && spec.At("hostPID").Flag(false))
            errors.Invalid(path.Child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled");
        if (context.Count() == 0)
            return;
        Sysctls(errors, context.At("sysctls"), spec, path.Child("sysctls"));
        OneOf(errors, context, "fsGroupChangePolicy", path, "Always", "OnRootMismatch");
        SeccompProfile(errors, context.At("seccompProfile"), path.Child("seccompProfile"));
        AppArmorProfile(errors, context.At("appArmorProfile"), path.Child("appArmorProfile"));
        OneOf(errors, context, "supplementalGroupsPolicy", path, "Merge", "Strict");
        OneOf(errors, context, "seLinuxChangePolicy", path, "MountOption", "Recursive");
    }

    /// <summary>A container's.</summary>
    public static void Container(FieldErrors errors, JsonElement context, FieldPath path, bool usesHostUsers)
    {
        if (context.Count() == 0)
            return;
        NumberRules.Id(errors, context.At("runAsUser"), path.Child("runAsUser"));
        NumberRules.Id(errors, context.At("runAsGroup"), path.Child("runAsGroup"));
        if (context.At("procMount").Text() is { } mount)
        {
            if (mount is not ("Default" or "Unmasked"))
                errors.NotSupported(path.Child("procMount"), mount, "Default", "Unmasked");
            if (usesHostUsers && mount == "Unmasked")
                errors.Invalid(path.Child("procMount"), mount, "`hostUsers` must be false to use `Unmasked`");
        }
        SeccompProfile(errors, context.At("seccompProfile"), path.Child("seccompProfile"));
        if (context.At("allowPrivilegeEscalation").Flag() == false)
        {
            if (context.At("privileged").Flag(false))
                errors.Invalid(path, Rendered(context), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true", rendered: true);
            foreach (var capability in context.At("capabilities", "add").Items())
                if (capability.Text() == "CAP_SYS_ADMIN")
                    errors.Invalid(path, Rendered(context), "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN", rendered: true);
        }
        AppArmorProfile(errors, context.At("appArmorProfile"), path.Child("appArmorProfile"));
    }

    /// <summary>User namespaces do not go together with the host's other namespaces.</summary>
    public static void HostUsers(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        if (spec.At("hostUsers").Flag(true))
            return;
        foreach (var (field, called) in (ReadOnlySpan<(string, string)>)[("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")])
            if (spec.At(field).Flag(false))
                errors.Forbidden(path.Child(called), "when `hostUsers` is false");
    }

    /// <summary>What a pod that says it is for Linux may not have.</summary>
    public static void Linux(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        if (spec.At("securityContext", "windowsOptions").Exists())
            errors.Forbidden(path.Child("securityContext", "windowsOptions"), NotForLinux);
        foreach (var (container, at) in Containers(spec, path))
            if (container.At("securityContext", "windowsOptions").Exists())
                errors.Forbidden(at.Child("securityContext", "windowsOptions"), NotForLinux);
    }

    /// <summary>What a pod that says it is for Windows may not have.</summary>
    public static void Windows(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        var context = spec.At("securityContext");
        foreach (var field in (ReadOnlySpan<string>)
            [
                "appArmorProfile", "seLinuxOptions", "^hostUsers", "^hostPID", "^hostIPC", "seccompProfile", "fsGroup", "fsGroupChangePolicy", "sysctls",
                "^shareProcessNamespace", "runAsUser", "runAsGroup", "supplementalGroups", "supplementalGroupsPolicy", "seLinuxChangePolicy",
            ])
        {
            var ofSpec = field[0] == '^';
            var name = ofSpec ? field[1..] : field;
            var value = (ofSpec ? spec : context).At(name);
            var isSet = value.Exists() && (name is not ("hostPID" or "hostIPC") || value.Flag(false)) && (name != "sysctls" || value.Count() > 0);
            if (isSet)
                errors.Forbidden(ofSpec ? path.Child(name) : path.Child("securityContext", name), NotForWindows);
        }
        foreach (var (container, at) in Containers(spec, path))
            foreach (var field in (ReadOnlySpan<string>)
                [
                    "appArmorProfile", "seLinuxOptions", "seccompProfile", "capabilities", "readOnlyRootFilesystem", "privileged", "allowPrivilegeEscalation",
                    "procMount", "runAsUser", "runAsGroup",
                ])
                if (container.At("securityContext", field).Exists())
                    errors.Forbidden(at.Child("securityContext", field), NotForWindows);
    }

    /// <summary>Every container of a spec and where it stands, in the order Kubernetes visits them.</summary>
    public static IEnumerable<(JsonElement Container, FieldPath Path)> Containers(JsonElement spec, FieldPath? path)
    {
        foreach (var list in ContainerType.AllContainers.Fields())
        {
            var index = 0;
            foreach (var container in spec.At(list).Items())
                yield return (container, (path?.Child(list) ?? FieldPath.Of(list)).Index(index++));
        }
    }

    /// <summary>What a profile in an older annotation says must be what the field says.</summary>
    public static void AnnotationsMatch(FieldErrors errors, JsonElement metadata, JsonElement spec, FieldPath path)
    {
        var annotations = metadata.At("annotations");
        if (annotations.Count() == 0)
            return;
        SeccompMatches(errors, annotations.At("seccomp.security.alpha.kubernetes.io/pod").Text(), spec.At("securityContext", "seccompProfile"),
            path.Child("securityContext", "seccompProfile"));
        foreach (var (container, at) in Containers(spec, path))
        {
            var name = container.At("name").Text("");
            SeccompMatches(errors, annotations.At("container.seccomp.security.alpha.kubernetes.io/" + name).Text(),
                container.At("securityContext", "seccompProfile"), at.Child("securityContext", "seccompProfile"));
            var profile = container.At("securityContext", "appArmorProfile") is var own && own.Exists() ? own : spec.At("securityContext", "appArmorProfile");
            AppArmorMatches(errors, annotations.At("container.apparmor.security.beta.kubernetes.io/" + name).Text(), profile,
                at.Child("securityContext", "appArmorProfile"));
        }
    }

    private static void SeccompMatches(FieldErrors errors, string? annotation, JsonElement profile, FieldPath path) => ProfileMatches(
        errors, annotation, profile, path, "seccomp", annotation == "unconfined", annotation is "runtime/default" or "docker/default");

    private static void AppArmorMatches(FieldErrors errors, string? annotation, JsonElement profile, FieldPath path) => ProfileMatches(
        errors, annotation, profile, path, "apparmor", annotation == "unconfined", annotation == "runtime/default");

    private static void ProfileMatches(
        FieldErrors errors, string? annotation, JsonElement profile, FieldPath path, string what, bool isUnconfined, bool isDefault)
    {
        if (annotation is null || !profile.Exists())
            return;
        var typeMatches = profile.At("type").Text() switch
        {
            "Unconfined" => isUnconfined,
            "RuntimeDefault" => isDefault,
            "Localhost" => annotation.StartsWith("localhost/", StringComparison.Ordinal),
            _ => true,
        };
        if (!typeMatches)
            errors.Forbidden(path.Child("type"), $"{what} type in annotation and field must match");
        else if (profile.At("type").Text() == "Localhost" && annotation["localhost/".Length..] != profile.At("localhostProfile").Text())
            errors.Forbidden(path.Child("localhostProfile"), $"{what} profile in annotation and field must match");
    }

    private static void OneOf(FieldErrors errors, JsonElement context, string field, FieldPath path, params ReadOnlySpan<string> supported)
    {
        if (context.At(field).Text() is { } value && !supported.Contains(value))
            errors.NotSupported(path.Child(field), value, supported);
    }

    private static void SeccompProfile(FieldErrors errors, JsonElement profile, FieldPath path)
    {
        if (!profile.Exists())
            return;
        var type = profile.At("type").Text("");
        var file = profile.At("localhostProfile");
        if (type.Length == 0)
            errors.Required(path.Child("type"), "type is required when seccompProfile is set");
        else if (type is not ("Localhost" or "RuntimeDefault" or "Unconfined"))
            errors.NotSupported(path.Child("type"), type, "Localhost", "RuntimeDefault", "Unconfined");
        if (type == "Localhost" && !file.Exists())
            errors.Required(path.Child("localhostProfile"), "must be set when seccomp type is Localhost");
        else if (type == "Localhost")
            VolumeValidation.LocalDescendingPath(errors, file.Text(""), path.Child("localhostProfile"));
        else if (file.Exists())
            errors.Invalid(path.Child("localhostProfile"), RenderedProfile(profile),
                "can only be set when seccomp type is Localhost", rendered: true);
    }

    private static void AppArmorProfile(FieldErrors errors, JsonElement profile, FieldPath path)
    {
        if (!profile.Exists())
            return;
        var type = profile.At("type").Text("");
        var at = path.Child("localhostProfile");
        var file = profile.At("localhostProfile").Text();
        switch (type)
        {
            case "Localhost" when file is null || (file.Length == 0 && file.Trim() == file):
                errors.Required(at, "must be set when AppArmor type is Localhost");
                break;
            case "Localhost" when file.Trim() != file:
                errors.Invalid(at, file, "must not be padded with whitespace");
                break;
            case "Localhost" when file.Length > 4095:
                errors.TooLong(at, 4095);
                break;
            case "Localhost":
                break;
            case "RuntimeDefault" or "Unconfined":
                if (file is not null)
                    errors.Invalid(at, file, "can only be set when AppArmor type is Localhost");
                break;
            case "":
                errors.Required(path.Child("type"), "type is required when appArmorProfile is set");
                break;
            default:
                errors.NotSupported(path.Child("type"), type, "Localhost", "RuntimeDefault", "Unconfined");
                break;
        }
    }

    private static void Sysctls(FieldErrors errors, JsonElement sysctls, JsonElement spec, FieldPath path)
    {
        if (sysctls.Count() == 0)
            return;
        var names = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var sysctl in sysctls.Items())
        {
            var at = path.Index(index++).Child("name");
            var name = sysctl.At("name").Text("");
            if (name.Length == 0)
                errors.Required(at);
            else if (name.Length > 253 || !SysctlName().IsMatch(name))
                errors.Invalid(at, name, $"must have at most 253 characters and match regex {SysctlFormat}");
            else if (names.Contains(name))
                errors.Duplicate(at, name);
            names.Add(name);
            var normal = name.Replace('/', '.');
            if (spec.At("hostNetwork").Flag(false) && normal.StartsWith("net.", StringComparison.Ordinal))
                errors.Invalid(at, name, "may not be specified when 'hostNetwork' is true");
            else if (spec.At("hostIPC").Flag(false)
                && (normal is "kernel.sem" || normal.StartsWith("kernel.shm", StringComparison.Ordinal)
                    || normal.StartsWith("kernel.msg", StringComparison.Ordinal) || normal.StartsWith("fs.mqueue.", StringComparison.Ordinal)))
                errors.Invalid(at, name, "may not be specified when 'hostIPC' is true");
        }
    }

    private static string Rendered(JsonElement context) => GoText.RenderInternal(
        context, new("Capabilities", "capabilities", RenderedCapabilities), ("Privileged", "privileged"), ("SELinuxOptions", "seLinuxOptions"), ("WindowsOptions", "windowsOptions"),
        ("RunAsUser", "runAsUser"), ("RunAsGroup", "runAsGroup"), ("RunAsNonRoot", "runAsNonRoot"), ("ReadOnlyRootFilesystem", "readOnlyRootFilesystem"),
        ("AllowPrivilegeEscalation", "allowPrivilegeEscalation"), ("ProcMount", "procMount"), new("SeccompProfile", "seccompProfile", RenderedProfile),
        new("AppArmorProfile", "appArmorProfile", RenderedProfile));

    private static string RenderedCapabilities(JsonElement capabilities) => GoText.RenderInternal(capabilities, ("Add", "add"), ("Drop", "drop"));

    private static string RenderedProfile(JsonElement profile) => GoText.RenderInternal(profile, ("Type", "type"), ("LocalhostProfile", "localhostProfile"));

    [GeneratedRegex(SysctlFormat, RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SysctlName();
}
