using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Objects;

namespace ClusterSim.Validation.Core;

/// <summary>
/// The parts of a Pod that subresources write: of what is sent the rest is dropped, not refused (<c>pkg/registry/core/pod/strategy.go</c>).
/// </summary>
internal static class PodParts
{
    private static readonly IReadOnlyList<string> Kept = ["labels", "annotations", "finalizers", "ownerReferences"];
    private static readonly IReadOnlyList<string> Resizable = ["resources", "resizePolicy"];

    /// <summary>A write to <c>ephemeralcontainers</c>: that list alone.</summary>
    public static void KeepAllButEphemeralContainers(JsonObject pod, JsonElement old)
    {
        var wanted = (pod["spec"] as JsonObject)?["ephemeralContainers"]?.DeepClone();
        var spec = old.At("spec").ToObject();
        Put(spec, "ephemeralContainers", wanted);
        pod["spec"] = spec;
        KeepMetadata(pod, old);
    }

    /// <summary>
    /// A write to <c>resize</c>: what its containers ask for, and how they are resized. Containers that come, go, move or are renamed stay as
    /// sent: validation refuses them.
    /// </summary>
    public static void KeepAllButResources(JsonObject pod, JsonElement old)
    {
        var sent = pod["spec"] as JsonObject ?? [];
        var spec = old.At("spec").ToObject();
        foreach (var list in ContainerType.WorkloadContainers.Fields())
        {
            List<JsonObject> wished = [.. PodSpecDefaults.Objects(sent, list)];
            List<JsonObject> present = [.. PodSpecDefaults.Objects(spec, list)];
            if (!wished.Select(container => container.Text("name")).SequenceEqual(present.Select(container => container.Text("name"))))
                return;
            foreach (var (container, wish) in present.Zip(wished))
                foreach (var field in Resizable)
                    Put(container, field, wish[field]?.DeepClone());
        }
        Put(spec, "resources", sent["resources"]?.DeepClone());
        pod["spec"] = spec;
        KeepMetadata(pod, old);
    }

    private static void KeepMetadata(JsonObject pod, JsonElement old)
    {
        var metadata = pod.Ensure("metadata");
        foreach (var field in Kept)
            Put(metadata, field, old.At("metadata", field).ToNode());
    }

    private static void Put(JsonObject into, string field, JsonNode? value)
    {
        if (value is null)
            into.Remove(field);
        else
            into[field] = value;
    }
}
