using System.Text.Json.Nodes;
using ClusterSim.Objects;

namespace ClusterSim.Validation.Core;

/// <summary>
/// What core/v1 fills in for a pod's spec, in a Pod or in a template (<c>pkg/apis/core/v1/defaults.go</c>). What only a Pod gets is
/// <see cref="DefaultPod"/>.
/// </summary>
internal static class PodSpecDefaults
{
    private const int FileMode = 420;

    /// <summary>A template: its metadata is always written, its spec defaulted.</summary>
    public static void DefaultTemplate(JsonObject parent, string name = "template")
    {
        var template = parent.Ensure(name);
        template.Ensure("metadata");
        DefaultSpec(template.Ensure("spec"));
    }

    /// <summary>What a spec gets wherever it stands.</summary>
    public static void DefaultSpec(JsonObject spec)
    {
        foreach (var volume in Objects(spec, "volumes"))
            DefaultVolume(volume);
        foreach (var container in spec.VisitContainers(ContainerType.AllContainers))
            DefaultContainer(container);
        spec.Default("restartPolicy", "Always");
        spec.Default("terminationGracePeriodSeconds", 30);
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Ensure("securityContext");
        spec.Default("schedulerName", "default-scheduler");
        // The older name of the account is kept equal to the newer one.
        if (spec.Text("serviceAccountName") is { Length: > 0 } account)
            spec["serviceAccount"] = account;
        else if (spec.Text("serviceAccount") is { Length: > 0 } older)
            spec["serviceAccountName"] = older;
    }

    /// <summary>What a Pod gets besides: requests from limits, service links, host ports on the host's network.</summary>
    public static void DefaultPod(JsonObject spec)
    {
        spec.Default("enableServiceLinks", true);
        foreach (var container in spec.VisitContainers(ContainerType.WorkloadContainers))
        {
            RequestsFromLimits(container["resources"] as JsonObject);
            if (spec["hostNetwork"] is JsonValue flag && flag.TryGetValue<bool>(out var onHost) && onHost)
                foreach (var port in Objects(container, "ports"))
                    if (port["containerPort"] is { } number && port.Integer("hostPort") is null or 0)
                        port["hostPort"] = number.DeepClone();
        }
        RequestsFromLimits(spec["resources"] as JsonObject);
    }

    /// <summary>The pull policy of an image: the newest of a moving tag is always asked for.</summary>
    public static string PullPolicy(string image)
    {
        if (image.Contains('@', StringComparison.Ordinal))
            return "IfNotPresent";
        var name = image[(image.LastIndexOf('/') + 1)..];
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 || name[(colon + 1)..] == "latest" ? "Always" : "IfNotPresent";
    }

    private static void DefaultContainer(JsonObject container)
    {
        foreach (var port in Objects(container, "ports"))
            port.Default("protocol", "TCP");
        foreach (var variable in Objects(container, "env"))
        {
            if (variable["valueFrom"] is not JsonObject source)
                continue;
            (source["fieldRef"] as JsonObject)?.Default("apiVersion", "v1");
            (source["resourceFieldRef"] as JsonObject)?.Default("divisor", "0");
        }
        container.Ensure("resources");
        foreach (var probe in (ReadOnlySpan<string>)["livenessProbe", "readinessProbe", "startupProbe"])
            DefaultProbe(container[probe] as JsonObject);
        if (container["lifecycle"] is JsonObject lifecycle)
        {
            DefaultHttpGet(lifecycle["postStart"] as JsonObject);
            DefaultHttpGet(lifecycle["preStop"] as JsonObject);
        }
        container.Default("terminationMessagePath", "/dev/termination-log");
        container.Default("terminationMessagePolicy", "File");
        if (container["imagePullPolicy"] is null)
            container["imagePullPolicy"] = PullPolicy(container.Text("image") ?? "");
    }

    private static void DefaultProbe(JsonObject? probe)
    {
        if (probe is null)
            return;
        DefaultHttpGet(probe);
        (probe["grpc"] as JsonObject)?.Default("service", "");
        DefaultNumber(probe, "timeoutSeconds", 1);
        DefaultNumber(probe, "periodSeconds", 10);
        DefaultNumber(probe, "successThreshold", 1);
        DefaultNumber(probe, "failureThreshold", 3);
    }

    private static void DefaultHttpGet(JsonObject? handler)
    {
        if (handler?["httpGet"] is not JsonObject get)
            return;
        get.Default("path", "/");
        get.Default("scheme", "HTTP");
    }

    private static void DefaultVolume(JsonObject volume)
    {
        // A volume of no kind is an empty directory.
        if (!volume.Any(field => field.Key != "name" && field.Value is not null))
            volume["emptyDir"] = new JsonObject();
        foreach (var (kind, source) in volume)
        {
            if (source is not JsonObject fields)
                continue;
            switch (kind)
            {
                case "secret" or "configMap":
                    fields.Default("defaultMode", FileMode);
                    break;
                case "downwardAPI":
                    fields.Default("defaultMode", FileMode);
                    DefaultDownwardFiles(fields);
                    break;
                case "projected":
                    fields.Default("defaultMode", FileMode);
                    foreach (var projection in Objects(fields, "sources"))
                    {
                        (projection["serviceAccountToken"] as JsonObject)?.Default("expirationSeconds", 3600);
                        if (projection["downwardAPI"] is JsonObject downward)
                            DefaultDownwardFiles(downward);
                    }
                    break;
                case "hostPath":
                    fields.Default("type", "");
                    break;
                case "ephemeral":
                    if (fields["volumeClaimTemplate"] is JsonObject template)
                    {
                        template.Ensure("metadata");
                        template.Ensure("spec").Default("volumeMode", "Filesystem");
                        template.Ensure("spec").Ensure("resources");
                    }
                    break;
                case "image":
                    if (fields["pullPolicy"] is null && fields.Text("reference") is { } reference)
                        fields["pullPolicy"] = PullPolicy(reference);
                    break;
                case "iscsi":
                    fields.Default("iscsiInterface", "default");
                    break;
                case "rbd":
                    fields.Default("pool", "rbd");
                    fields.Default("user", "admin");
                    fields.Default("keyring", "/etc/ceph/keyring");
                    break;
                case "azureDisk":
                    fields.Default("cachingMode", "ReadWrite");
                    fields.Default("kind", "Shared");
                    fields.Default("fsType", "ext4");
                    fields.Default("readOnly", false);
                    break;
                case "scaleIO":
                    fields.Default("storageMode", "ThinProvisioned");
                    fields.Default("fsType", "xfs");
                    break;
                default:
                    break;
            }
        }
    }

    private static void DefaultDownwardFiles(JsonObject source)
    {
        foreach (var file in Objects(source, "items"))
        {
            (file["fieldRef"] as JsonObject)?.Default("apiVersion", "v1");
            (file["resourceFieldRef"] as JsonObject)?.Default("divisor", "0");
        }
    }

    private static void RequestsFromLimits(JsonObject? resources)
    {
        if (resources?["limits"] is not JsonObject { Count: > 0 } limits)
            return;
        var requests = resources.Ensure("requests");
        foreach (var (name, limit) in limits)
            if (limit is not null && !requests.ContainsKey(name))
                requests[name] = limit.DeepClone();
    }

    // In these, zero is how Go says "not set".
    private static void DefaultNumber(JsonObject parent, string name, int value)
    {
        if (parent.Integer(name) is null or 0)
            parent[name] = value;
    }

    /// <summary>The objects in a list; none where there is no list.</summary>
    internal static IEnumerable<JsonObject> Objects(JsonObject parent, string name) => parent[name] is JsonArray list ? list.OfType<JsonObject>() : [];
}
