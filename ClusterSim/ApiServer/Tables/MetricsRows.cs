using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Tables;

/// <summary>Rows of metrics.k8s.io, as metrics-server prints them: CPU, memory, the window of the sample.</summary>
internal static class MetricsRows
{
    public static JsonArray Node(JsonElement o, DateTimeOffset now) =>
        [o.At("metadata", "name").Text(""), o.At("usage", "cpu").Text(""), o.At("usage", "memory").Text(""), o.At("window").Text("")];

    public static JsonArray Pod(JsonElement o, DateTimeOffset now) => [o.At("metadata", "name").Text(""), Sum(o, "cpu"), Sum(o, "memory"), o.At("window").Text("")];

    private static string Sum(JsonElement o, string resource) => o.At("containers").Items()
        .Select(container => Quantity.Parse(container.At("usage", resource).Text("0")))
        .Aggregate(Quantity.Zero, (sum, usage) => sum + usage).ToString();
}
