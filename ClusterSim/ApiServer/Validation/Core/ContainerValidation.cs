using System.Text.Json;
using ClusterSim.Objects;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of containers of the three kinds, in Kubernetes' order.</summary>
internal static class ContainerValidation
{
    private const string NotForEphemeral = "cannot be set for an Ephemeral Container";
    private const string NotForInit = "may not be set for init containers without restartPolicy=Always";

    /// <summary>The regular containers: there is one at least.</summary>
    public static void Regular(FieldErrors errors, PodContext context, FieldPath path)
    {
        var containers = context.Spec.At("containers");
        if (containers.Count() == 0)
        {
            errors.Required(path);
            return;
        }
        var names = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var container in containers.Items())
        {
            var at = path.Index(index++);
            Common(errors, container, context, at);
            if (!names.Add(container.At("name").Text("")))
                errors.Duplicate(at.Child("name"), container.At("name").Text(""));
            ProbeValidation.LifecycleAndProbes(errors, container, context.GracePeriodSeconds, at);
            RestartPolicy(errors, container, at, isInit: false);
        }
        HostPorts(errors, containers, path);
    }

    /// <summary>The init containers; those that restart always are sidecars and may have what regular ones have.</summary>
    public static void Init(FieldErrors errors, PodContext context, FieldPath path)
    {
        var containers = context.Spec.At("initContainers");
        if (containers.Count() == 0)
            return;
        var names = context.Spec.VisitContainers(ContainerType.Containers).Select(container => container.At("name").Text("")).ToHashSet(StringComparer.Ordinal);
        var index = 0;
        foreach (var container in containers.Items())
        {
            var at = path.Index(index++);
            Common(errors, container, context, at);
            RestartPolicy(errors, container, at, isInit: true);
            var name = container.At("name").Text("");
            if (names.Contains(name))
                errors.Duplicate(at.Child("name"), name);
            else if (name.Length > 0)
                names.Add(name);
            HashSet<string>? hostPorts = null;
            UniqueHostPorts(errors, container, ref hostPorts, path.Index(0));

            if (container.IsRestartableInitContainer())
            {
                ProbeValidation.LifecycleAndProbes(errors, container, context.GracePeriodSeconds, at);
                continue;
            }
            foreach (var field in (ReadOnlySpan<string>)["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"])
                if (container.At(field).Exists())
                    errors.Forbidden(at.Child(field), NotForInit);
        }
    }

    /// <summary>The ephemeral containers, which may have little.</summary>
    public static void Ephemeral(FieldErrors errors, PodContext context, FieldPath path)
    {
        var containers = context.Spec.At("ephemeralContainers");
        if (containers.Count() == 0)
            return;
        var others = context.Spec.VisitContainers(ContainerType.WorkloadContainers).Select(container => container.At("name").Text("")).ToHashSet(StringComparer.Ordinal);
        var names = new HashSet<string>(others, StringComparer.Ordinal);
        var index = 0;
        foreach (var container in containers.Items())
        {
            var at = path.Index(index++);
            Common(errors, container, context, at);
            ImageWithoutPadding(errors, container, at);
            if (!names.Add(container.At("name").Text("")))
                errors.Duplicate(at.Child("name"), container.At("name").Text(""));
            if (container.At("targetContainerName").Text() is { Length: > 0 } target && !others.Contains(target))
                errors.NotFound(at.Child("targetContainerName"), target);
            foreach (var field in (ReadOnlySpan<string>)
                ["ports", "resources", "resizePolicy", "restartPolicy", "restartPolicyRules", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle"])
                if (container.At(field).Exists() && !SemanticEquality.Equal(container.At(field), default))
                    errors.Forbidden(at.Child(field), NotForEphemeral);
            var mountIndex = 0;
            foreach (var mount in container.At("volumeMounts").Items())
            {
                var mountPath = at.Child("volumeMounts").Index(mountIndex++);
                if (mount.At("subPath").Text("").Length > 0)
                    errors.Forbidden(mountPath.Child("subPath"), NotForEphemeral);
                if (mount.At("subPathExpr").Text("").Length > 0)
                    errors.Forbidden(mountPath.Child("subPathExpr"), NotForEphemeral);
            }
        }
    }

    /// <summary>What is asked of a Pod's containers beyond a template's.</summary>
    public static void OnlyForPod(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
        {
            var index = 0;
            foreach (var container in spec.At(list).Items())
                ImageWithoutPadding(errors, container, path.Child(list).Index(index++));
        }
    }

    /// <summary>An image's name has no spaces around it.</summary>
    public static void ImageWithoutPadding(FieldErrors errors, JsonElement container, FieldPath path)
    {
        var image = container.At("image").Text("");
        if (image.Length != image.Trim().Length)
            errors.Invalid(path.Child("image"), image, "must not have leading or trailing whitespace");
    }

    private static void Common(FieldErrors errors, JsonElement container, PodContext context, FieldPath path)
    {
        var name = container.At("name").Text("");
        if (name.Length == 0)
            errors.Required(path.Child("name"));
        else
            errors.InvalidEach(path.Child("name"), name, NameRules.DnsLabel(name));
        if (container.At("image").Text("").Length == 0)
            errors.Required(path.Child("image"));
        PodSpecValidation.OneOf(
            errors, container.At("terminationMessagePolicy").Text(""), path.Child("terminationMessagePolicy"), "File", "FallbackToLogsOnError");
        Ports(errors, container.At("ports"), path.Child("ports"));
        EnvironmentValidation.Variables(errors, container.At("env"), path.Child("env"));
        EnvironmentValidation.Sources(errors, container.At("envFrom"), path.Child("envFrom"));
        MountValidation.Mounts(errors, container, context, path.Child("volumeMounts"));
        MountValidation.Devices(errors, container, context, path.Child("volumeDevices"));
        PodSpecValidation.OneOf(errors, container.At("imagePullPolicy").Text(""), path.Child("imagePullPolicy"), "Always", "IfNotPresent", "Never");
        ResourceValidation.Container(errors, container.At("resources"), context.Spec.At("resourceClaims"), path.Child("resources"));
        ResizePolicy(errors, container.At("resizePolicy"), context.Spec.At("restartPolicy").Text(""), path.Child("resizePolicy"));
        SecurityContextValidation.Container(errors, container.At("securityContext"), path.Child("securityContext"), context.UsesHostUsers);
    }

    private static void Ports(FieldErrors errors, JsonElement ports, FieldPath path)
    {
        HashSet<string>? names = null;
        var index = 0;
        foreach (var port in ports.Items())
        {
            var at = path.Index(index++);
            if (port.At("name").Text() is { Length: > 0 } name)
            {
                var messages = NameRules.PortName(name);
                if (messages.Count > 0)
                    errors.InvalidEach(at.Child("name"), name, messages);
                else if (!(names ??= new HashSet<string>(StringComparer.Ordinal)).Add(name))
                    errors.Duplicate(at.Child("name"), name);
            }
            var number = port.At("containerPort").Integer() ?? 0;
            if (number == 0)
                errors.Required(at.Child("containerPort"));
            else
                NumberRules.Port(errors, number, at.Child("containerPort"));
            if (port.At("hostPort").Integer() is { } host and not 0)
                NumberRules.Port(errors, host, at.Child("hostPort"));
            PodSpecValidation.OneOf(errors, port.At("protocol").Text(""), at.Child("protocol"), "SCTP", "TCP", "UDP");
        }
    }

    private static void HostPorts(FieldErrors errors, JsonElement containers, FieldPath path)
    {
        HashSet<string>? seen = null;
        var index = 0;
        foreach (var container in containers.Items())
            UniqueHostPorts(errors, container, ref seen, path.Index(index++));
    }

    private static void UniqueHostPorts(FieldErrors errors, JsonElement container, ref HashSet<string>? seen, FieldPath path)
    {
        var index = 0;
        foreach (var port in container.At("ports").Items())
        {
            var at = index++;
            if (port.At("hostPort").Integer() is not ({ } host and not 0))
                continue;
            var used = $"{port.At("protocol").Text("")}/{port.At("hostIP").Text("")}/{host}";
            if (!(seen ??= new HashSet<string>(StringComparer.Ordinal)).Add(used))
                errors.Duplicate(path.Child("ports").Index(at).Child("hostPort"), used);
        }
    }

    // ContainerRestartRules: every container may have a policy of its own, and rules by exit code only with one.
    private static void RestartPolicy(FieldErrors errors, JsonElement container, FieldPath path, bool isInit)
    {
        var policy = container.At("restartPolicy").Text();
        var rules = container.At("restartPolicyRules");
        if (policy is null)
        {
            if (rules.Count() > 0)
                errors.Required(path.Child("restartPolicy"), "must specify restartPolicy when restart rules are used");
            return;
        }
        if (policy is not ("Always" or "OnFailure" or "Never"))
            errors.NotSupported(path.Child("restartPolicy"), policy, "Always", "Never", "OnFailure");
        if (isInit && policy == "Always" && rules.Count() > 0)
            errors.Forbidden(path.Child("restartPolicyRules"), "restartPolicyRules are not allowed for init containers with restart policy Always");
        if (rules.Count() > 20)
            errors.TooMany(path.Child("restartPolicyRules"), rules.Count(), 20);
        var index = 0;
        foreach (var rule in rules.Items())
        {
            var at = path.Child("restartPolicyRules").Index(index++);
            PodSpecValidation.OneOf(errors, rule.At("action").Text(""), at.Child("action"), "Restart", "RestartAllContainers");
            var codes = rule.At("exitCodes");
            if (!codes.Exists())
            {
                errors.Required(at.Child("exitCodes"), "must be specified");
                continue;
            }
            PodSpecValidation.OneOf(errors, codes.At("operator").Text(""), at.Child("exitCodes", "operator"), "In", "NotIn");
            if (codes.At("values").Count() == 0)
                errors.Required(at.Child("exitCodes", "values"), "must be specified");
            else if (codes.At("values").Count() > 255)
                errors.TooMany(at.Child("exitCodes", "values"), codes.At("values").Count(), 255);
        }
    }

    private static void ResizePolicy(FieldErrors errors, JsonElement policies, string podRestartPolicy, FieldPath path)
    {
        if (policies.Count() == 0)
            return;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var policy in policies.Items())
        {
            var name = policy.At("resourceName").Text("");
            if (!seen.Add(name))
                errors.Duplicate(path.Index(index), name);
            index++;
            PodSpecValidation.OneOf(errors, name, path, "cpu", "memory");
            var restart = policy.At("restartPolicy").Text("");
            PodSpecValidation.OneOf(errors, restart, path, "NotRequired", "RestartContainer");
            if (podRestartPolicy == "Never" && restart != "NotRequired")
                errors.Invalid(path, restart, "must be 'NotRequired' when `restartPolicy` is 'Never'");
        }
    }
}
