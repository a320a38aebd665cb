using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Objects;

/// <summary>The containers of a pod's spec.</summary>
internal static class PodContainers
{
    /// <summary>Init containers, containers, ephemeral containers.</summary>
    public static IEnumerable<JsonElement> All(JsonElement spec) =>
        spec.At("initContainers").Items().Concat(spec.At("containers").Items()).Concat(spec.At("ephemeralContainers").Items());

    /// <summary>Init containers and containers, to change.</summary>
    public static IEnumerable<JsonObject> ToChange(JsonObject spec) =>
        ((ReadOnlySpan<string>)["initContainers", "containers"]).ToArray().SelectMany(list => spec[list] as JsonArray ?? []).OfType<JsonObject>();
}
