using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Tables.Cells;

namespace ClusterSim.Tables;

/// <summary>A quota's row: what is used of what is allowed, requests and limits apart (<c>printResourceQuota</c>).</summary>
internal static class QuotaRow
{
    /// <summary>Name, requests, limits, age.</summary>
    public static JsonArray Print(JsonElement o, DateTimeOffset now)
    {
        var status = o.At("status");
        var requests = new List<string>();
        var limits = new List<string>();
        foreach (var hard in status.At("hard").Fields().OrderBy(field => field.Name, StringComparer.Ordinal))
            (hard.Name.StartsWith("limits.", StringComparison.Ordinal) ? limits : requests).Add($"{hard.Name}: {status.At("used", hard.Name).Text("0")}/{hard.Value.Text()}");
        return [Rows.Name(o), string.Join(", ", requests), string.Join(", ", limits), Age(o, now)];
    }
}
