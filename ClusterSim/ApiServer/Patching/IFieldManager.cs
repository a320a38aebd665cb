using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Patching;

/// <summary>Keeps <c>metadata.managedFields</c>: who set which field (<c>structured-merge-diff</c>). The Patching room implements it.</summary>
internal interface IFieldManager
{
    /// <summary>Records a create, update or patch by <paramref name="manager"/> in <paramref name="updated"/>; <paramref name="before"/> is default for a creation.</summary>
    void RecordUpdate(JsonObject updated, JsonElement before, string manager, string? subresource, DateTimeOffset now);

    /// <summary>
    /// Applies a configuration: the live object (default for none) merged with it, managed fields recorded.
    /// </summary>
    /// <exception cref="KubernetesApiException">409 with the conflicts, unless forced.</exception>
    JsonObject Apply(JsonElement live, JsonObject configuration, string manager, string? subresource, bool force, DateTimeOffset now);

    /// <summary>A patch of another type than apply, carried out on the live object. The result is decoded, and its unknown fields treated, as a body's would be.</summary>
    JsonObject Patch(JsonElement live, PatchType type, ReadOnlyMemory<byte> patch, GroupVersionKind kind);
}
