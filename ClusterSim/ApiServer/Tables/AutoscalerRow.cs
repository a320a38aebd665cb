using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Tables.Cells;

namespace ClusterSim.Tables;

/// <summary>A horizontal pod autoscaler's row, in its v2 form (<c>printHorizontalPodAutoscaler</c>).</summary>
internal static class AutoscalerRow
{
    private const int MetricsShown = 2;

    /// <summary>Name, reference, targets, bounds, replicas, age.</summary>
    public static JsonArray Print(JsonElement o, DateTimeOffset now)
    {
        var (spec, status) = (o.At("spec"), o.At("status"));
        return
        [
            Rows.Name(o), $"{spec.At("scaleTargetRef", "kind").Text()}/{spec.At("scaleTargetRef", "name").Text()}", Targets(spec.At("metrics"), status.At("currentMetrics")),
            spec.At("minReplicas").Integer() is { } minimum ? minimum.ToString(CultureInfo.InvariantCulture) : "<unset>", spec.At("maxReplicas").Integer(0),
            status.At("currentReplicas").Integer(0), Age(o, now),
        ];
    }

    private static string Targets(JsonElement metrics, JsonElement current)
    {
        if (metrics.Count() == 0)
            return None;
        var currents = current.Items().ToList();
        var texts = metrics.Items().Select((metric, index) => Target(metric, index < currents.Count ? currents[index] : default)).ToList();
        return texts.Count <= MetricsShown
            ? string.Join(", ", texts)
            : string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", texts.Take(MetricsShown))} + {texts.Count - MetricsShown} more...");
    }

    private static string Target(JsonElement metric, JsonElement current)
    {
        var (field, label) = metric.At("type").Text() switch
        {
            "Resource" => ("resource", metric.At("resource", "name").Text("") + ": "),
            "ContainerResource" => ("containerResource", metric.At("containerResource", "name").Text("") + ": "),
            "Pods" => ("pods", ""),
            "Object" => ("object", ""),
            "External" => ("external", ""),
            _ => ("", ""),
        };
        if (field.Length == 0)
            return Unknown;
        var target = metric.At(field, "target");
        var now = current.At(field, "current");
        if (target.At("averageUtilization").Integer() is { } utilization)
            return string.Create(CultureInfo.InvariantCulture, $"{label}{(now.At("averageUtilization").Integer() is { } used ? $"{used}%" : Unknown)}/{utilization}%");
        var average = target.At("averageValue").Text();
        var suffix = average is not null && field is "object" or "external" ? " (avg)" : "";
        return average is not null
            ? $"{label}{now.At("averageValue").Text(Unknown)}/{average}{suffix}"
            : $"{label}{now.At("value").Text(Unknown)}/{target.At("value").Text()}";
    }
}
