using System.Text.Json.Nodes;
using ClusterSim.Schema;

namespace ClusterSim.Registry;

/// <summary>
/// Objects of kinds that are served in several versions: horizontal pod autoscalers (v1 and v2; v1 keeps what it lacks in annotations) and
/// events (core and events.k8s.io). Other kinds only change their apiVersion; custom ones (strategy None) also take the shape of the version's schema.
/// </summary>
internal static class VersionConversion
{
    private const string MetricsAnnotation = "autoscaling.alpha.kubernetes.io/metrics";
    private const string BehaviorAnnotation = "autoscaling.alpha.kubernetes.io/behavior";
    private const string ConditionsAnnotation = "autoscaling.alpha.kubernetes.io/conditions";
    private const string CurrentMetricsAnnotation = "autoscaling.alpha.kubernetes.io/current-metrics";

    /// <summary>The object in another version of its resource; itself where the version is the same.</summary>
    public static JsonObject Convert(JsonObject @object, ResourceType from, ResourceType to)
    {
        if (from.GroupVersion == to.GroupVersion)
            return @object;
        @object["apiVersion"] = to.GroupVersion.ToString();
        to.Custom?.Coerce(@object);
        if (from.Kind == "HorizontalPodAutoscaler" && from.Group == "autoscaling")
        {
            if (to.Version == "v2")
                ToAutoscalingV2(@object);
            else
                ToAutoscalingV1(@object);
        }
        if (from.Kind == "Event")
            Rename(@object, to.Group.Length == 0 ? NewEventFields.Select(field => (field.New, field.Core)) : NewEventFields.Select(field => (field.Core, field.New)));
        return @object;
    }

    // The same object under two names: what core/v1 calls its fields, and what events.k8s.io/v1 does.
    private static readonly IReadOnlyList<(string Core, string New)> NewEventFields =
    [
        ("involvedObject", "regarding"), ("message", "note"), ("source", "deprecatedSource"), ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"), ("count", "deprecatedCount"), ("reportingComponent", "reportingController"),
    ];

    private static void Rename(JsonObject @object, IEnumerable<(string From, string To)> names)
    {
        foreach (var (from, to) in names)
            if (@object.Remove(from, out var value))
                @object[to] = value;
    }

    private static void ToAutoscalingV2(JsonObject hpa)
    {
        if (hpa["spec"] is JsonObject spec && spec.Remove("targetCPUUtilizationPercentage", out var percentage) && percentage is not null)
            spec["metrics"] = new JsonArray(CpuMetric(percentage.DeepClone()));
        if ((hpa["metadata"] as JsonObject)?["annotations"] is JsonObject annotations)
        {
            if (annotations.Remove(MetricsAnnotation, out var more) && JsonNode.Parse((string)more!) is JsonArray others)
                foreach (var metric in others)
                    ((JsonArray)(hpa.Ensure("spec")["metrics"] ??= new JsonArray())).Add(metric?.DeepClone());
            if (annotations.Remove(BehaviorAnnotation, out var behavior))
                hpa.Ensure("spec")["behavior"] = JsonNode.Parse((string)behavior!);
            annotations.Remove(ConditionsAnnotation);
            annotations.Remove(CurrentMetricsAnnotation);
            if (annotations.Count == 0)
                ((JsonObject)hpa["metadata"]!).Remove("annotations");
        }
        if (hpa["status"] is JsonObject status && status.Remove("currentCPUUtilizationPercentage", out var current) && current is not null)
            status["currentMetrics"] = new JsonArray(JsonBuilding.Object(
                ("type", "Resource"), ("resource", JsonBuilding.Object(("name", "cpu"), ("current", JsonBuilding.Object(("averageUtilization", current.DeepClone())))))));
    }

    private static void ToAutoscalingV1(JsonObject hpa)
    {
        if (hpa["spec"] is JsonObject spec)
        {
            if (spec.Remove("metrics", out var metrics) && metrics is JsonArray all)
            {
                var others = new JsonArray();
                foreach (var metric in all)
                {
                    var resource = metric?["resource"];
                    if ((string?)metric?["type"] == "Resource" && (string?)resource?["name"] == "cpu" && resource?["target"]?["averageUtilization"] is { } percentage)
                        spec["targetCPUUtilizationPercentage"] = percentage.DeepClone();
                    else
                        others.Add(metric?.DeepClone());
                }
                if (others.Count > 0)
                    Annotate(hpa, MetricsAnnotation, others);
            }
            if (spec.Remove("behavior", out var behavior) && behavior is not null)
                Annotate(hpa, BehaviorAnnotation, behavior);
        }
        if (hpa["status"] is JsonObject status)
        {
            if (status.Remove("conditions", out var conditions) && conditions is JsonArray { Count: > 0 })
                Annotate(hpa, ConditionsAnnotation, conditions);
            if (status.Remove("currentMetrics", out var current) && current is JsonArray { Count: > 0 })
                Annotate(hpa, CurrentMetricsAnnotation, current);
        }
    }

    private static void Annotate(JsonObject hpa, string name, JsonNode value) =>
        hpa.Ensure("metadata").Ensure("annotations")[name] = value.ToJsonString();

    private static JsonObject CpuMetric(JsonNode percentage) => JsonBuilding.Object(
        ("type", "Resource"),
        ("resource", JsonBuilding.Object(("name", "cpu"), ("target", JsonBuilding.Object(("type", "Utilization"), ("averageUtilization", percentage))))));
}
