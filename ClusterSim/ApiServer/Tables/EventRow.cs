using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Tables.Cells;

namespace ClusterSim.Tables;

/// <summary>An event's row (<c>printEvent</c>).</summary>
internal static class EventRow
{
    /// <summary>Last seen, type, reason, object, subobject, source, message, first seen, count, name.</summary>
    public static JsonArray Print(JsonElement o, DateTimeOffset now)
    {
        // events.k8s.io/v1 says "regarding" and "note" where core/v1 says "involvedObject" and "message".
        var about = o.At("involvedObject").Exists() ? o.At("involvedObject") : o.At("regarding");
        var first = o.At("firstTimestamp").Exists() ? o.At("firstTimestamp") : o.At("eventTime");
        var last = o.At("series").Exists() ? o.At("series", "lastObservedTime") : o.At("lastTimestamp").Exists() ? o.At("lastTimestamp") : first;
        var count = o.At("series", "count").Integer() ?? o.At("count").Integer() ?? o.At("deprecatedCount").Integer() ?? 1;
        var component = o.At("source", "component").Text() ?? o.At("reportingComponent").Text("");
        var host = o.At("source", "host").Text();
        return
        [
            Since(last, now),
            o.At("type").Text(""),
            o.At("reason").Text(""),
            $"{about.At("kind").Text("").ToLowerInvariant()}/{about.At("name").Text()}",
            about.At("fieldPath").Text(""),
            host is null ? component : $"{component}, {host}",
            (o.At("message").Text() ?? o.At("note").Text("")).Trim(),
            Since(first, now),
            count,
            Rows.Name(o),
        ];
    }
}
