using System.Collections.Immutable;
using System.Text.Json;

namespace ClusterSim.Objects;

/// <summary>A taint.</summary>
internal sealed record Taint(string Key, string Value, string Effect)
{
    /// <summary>Reads the taints of a node.</summary>
    public static ImmutableArray<Taint> Of(JsonElement taints) =>
        [.. taints.Items().Select(one => new Taint(one.At("key").Text(""), one.At("value").Text(""), one.At("effect").Text("")))];
}
