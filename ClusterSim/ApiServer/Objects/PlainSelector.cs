using System.Text.Json;

namespace ClusterSim.Objects;

/// <summary>A selector that is a plain map, as Services and ReplicationControllers have: an absent or empty one selects nothing.</summary>
internal static class PlainSelector
{
    /// <summary>Reads it.</summary>
    public static LabelSelector Of(JsonElement map) => map.Count() == 0 ? LabelSelector.Nothing : LabelSelector.Of(map.TextMap());
}
