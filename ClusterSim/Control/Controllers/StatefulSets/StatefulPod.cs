using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.StatefulSets;

/// <summary>A StatefulSet's pods and claims: their names, identities and storage (<c>stateful_set_utils.go</c>).</summary>
internal static class StatefulPod
{
    public const string RevisionLabel = "controller-revision-hash";
    private const string PodNameLabel = "statefulset.kubernetes.io/pod-name";
    private const string PodIndexLabel = "apps.kubernetes.io/pod-index";

    /// <summary>The first ordinal.</summary>
    public static int Start(Document set) => set.Spec.At("ordinals", "start").Integer(0);

    /// <summary>The ordinal in a pod's name; null where it is none of the set's names.</summary>
    public static int? Ordinal(Document set, string podName) =>
        podName.StartsWith(set.Name + "-", StringComparison.Ordinal)
        && int.TryParse(podName.AsSpan(set.Name.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var ordinal)
            ? ordinal
            : null;

    /// <summary>The pod of an ordinal, from a revision's template.</summary>
    public static JsonObject Make(Document set, JsonElement template, string revision, int ordinal)
    {
        var name = $"{set.Name}-{ordinal}";
        var pod = PodTemplate.Pod(set, template);
        var metadata = pod.Ensure("metadata");
        metadata["name"] = name;
        var labels = metadata.Ensure("labels");
        labels[PodNameLabel] = name;
        labels[PodIndexLabel] = ordinal.ToString(CultureInfo.InvariantCulture);
        labels[RevisionLabel] = revision;
        var spec = pod.Ensure("spec");
        spec.Remove("$patch");
        spec["hostname"] = name;
        spec["subdomain"] = set.Spec.At("serviceName").Text("");
        var claims = Claims(set).ToList();
        if (claims.Count > 0)
        {
            var volumes = new JsonArray();
            foreach (var claim in claims)
                volumes.Add((JsonNode)Object(("name", claim.Template), ("persistentVolumeClaim", Object(("claimName", ClaimName(claim.Template, name))))));
            foreach (var volume in spec["volumes"] as JsonArray ?? [])
                if (claims.TrueForAll(claim => claim.Template != (volume as JsonObject).Text("name")))
                    volumes.Add(volume!.DeepClone());
            spec["volumes"] = volumes;
        }
        return pod;
    }

    /// <summary>The set's claim templates by name.</summary>
    public static IEnumerable<(string Template, JsonElement Claim)> Claims(Document set)
    {
        foreach (var claim in set.Spec.At("volumeClaimTemplates").Items())
            yield return (claim.At("metadata", "name").Text(""), claim);
    }

    /// <summary>The name of a pod's claim.</summary>
    public static string ClaimName(string template, string podName) => $"{template}-{podName}";

    /// <summary>A claim of a pod, from its template.</summary>
    public static JsonObject Claim(Document set, string template, JsonElement claim, string podName)
    {
        var made = claim.ToObject();
        made["apiVersion"] = "v1";
        made["kind"] = "PersistentVolumeClaim";
        made.Remove("status");
        var metadata = made.Ensure("metadata");
        metadata["name"] = ClaimName(template, podName);
        metadata["namespace"] = set.Namespace;
        metadata.Remove("creationTimestamp");
        foreach (var (name, value) in set.Spec.At("selector", "matchLabels").TextMap())
            metadata.Ensure("labels")[name] = value;
        return made;
    }

    /// <summary>Whether it runs and is ready.</summary>
    public static bool IsRunningAndReady(Document pod) => pod.Phase() == "Running" && pod.IsReady();

    /// <summary>Whether it runs, and has been ready long enough.</summary>
    public static bool IsRunningAndAvailable(Document pod, long minReadySeconds, DateTimeOffset now) =>
        pod.Phase() == "Running" && pod.IsAvailable(minReadySeconds, now);

    /// <summary>The revision a pod is of.</summary>
    public static string Revision(Document pod) => pod.Labels.GetValueOrDefault(RevisionLabel) ?? "";
}
