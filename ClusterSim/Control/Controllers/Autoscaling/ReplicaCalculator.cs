using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Autoscaling;

/// <summary>What one metric asks for.</summary>
/// <param name="Replicas">How many replicas.</param>
/// <param name="Name">How events name the metric.</param>
/// <param name="Status">What <c>status.currentMetrics</c> says.</param>
internal sealed record Proposal(int Replicas, string Name, JsonObject Status);

/// <summary>A metric that could not be read, in the controller's words.</summary>
internal sealed class MetricException(string reason, string message) : Exception(message)
{
    /// <summary>The event's reason.</summary>
    public string Reason { get; } = reason;
}

/// <summary>
/// How many replicas a resource metric asks for (<c>podautoscaler/replica_calculator.go</c>): ceil(current × ratio) over the ready pods, unless
/// within the tolerance of 0.1; pods without metrics count as using nothing when growing and all when shrinking.
/// </summary>
internal sealed class ReplicaCalculator(IPodMetrics metrics)
{
    /// <summary>How far the ratio may be from one before anything is done.</summary>
    public const double DefaultTolerance = 0.1;

    /// <summary>What a metric of the spec asks for.</summary>
    /// <exception cref="MetricException">Unknown.</exception>
    public Proposal Propose(JsonElement metric, int current, IReadOnlyList<Document> pods, (double Up, double Down) tolerance)
    {
        var type = metric.At("type").Text("");
        var source = type switch
        {
            "Resource" => metric.At("resource"),
            "ContainerResource" => metric.At("containerResource"),
            _ => throw new MetricException(
                type switch { "Pods" => "FailedGetPodsMetric", "Object" => "FailedGetObjectMetric", "External" => "FailedGetExternalMetric", _ => "InvalidMetricSourceType" },
                $"unable to get {type} metric: the server could not find the requested resource"),
        };
        var resource = source.At("name").Text("");
        var container = type == "ContainerResource" ? source.At("container").Text() : null;
        var reason = type == "ContainerResource" ? "FailedGetContainerResourceMetric" : "FailedGetResourceMetric";
        var target = source.At("target");
        var utilization = target.At("averageUtilization").Integer();
        var what = utilization is null ? $"{resource} usage" : $"{resource} utilization";
        if (!metrics.Exist)
            throw new MetricException(reason,
                $"failed to get {what}: unable to get metrics for resource {resource}: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)");

        var counted = pods.Where(pod => pod.IsActive()).ToList();
        var ready = counted.Where(pod => pod.IsReady() || (resource != "cpu" && pod.Phase() == "Running")).ToList();
        var known = ready.Select(pod => (Pod: pod, Usage: metrics.Usage(pod, resource, container))).Where(one => one.Usage is not null).ToList();
        var missing = ready.Where(pod => metrics.Usage(pod, resource, container) is null).ToList();
        var unready = counted.Except(ready).ToList();
        if (known.Count == 0)
            throw new MetricException(reason, $"failed to get {what}: unable to get metrics for resource {resource}: no metrics returned from resource metrics API");

        var usage = known.Sum(one => one.Usage!.Value.MilliValue);
        var average = usage / known.Count;
        long targetMilli;
        Func<Document, long> share;
        if (utilization is { } percent)
        {
            share = pod => Request(pod, resource, container) * percent / 100;
            if (counted.Find(pod => Request(pod, resource, container) == 0) is { } without)
                throw new MetricException(reason,
                    $"failed to get {what}: missing request for {resource} in container {without.Spec.At("containers").Items().First().At("name").Text()} of Pod {without.Name}");
            targetMilli = known.Sum(one => share(one.Pod));
        }
        else
        {
            var value = Quantity.Parse(target.At("averageValue").Text("0")).MilliValue;
            share = _ => value;
            targetMilli = value * known.Count;
        }
        var ratio = targetMilli == 0 ? 1 : (double)usage / targetMilli;
        var replicas = Replicas(ratio, usage, targetMilli, current, known.Count, missing, unready, share, resource, tolerance);
        var requests = known.Sum(one => Request(one.Pod, resource, container));
        var status = Object(
            ("name", resource),
            ("container", container),
            ("current", Object(
                ("averageUtilization", utilization is not null && requests > 0 ? usage * 100 / requests : null),
                ("averageValue", Quantity.OfMilli(average).ToString()))));
        return new Proposal(
            replicas,
            utilization is not null ? $"{resource} {(container is null ? "" : "container ")}resource utilization (percentage of request)" : $"{resource} {(container is null ? "" : "container ")}resource",
            Object(("type", type), (type == "Resource" ? "resource" : "containerResource", status)));
    }

    private static int Replicas(
        double ratio, long usage, long target, int current, int known, List<Document> missing, List<Document> unready, Func<Document, long> share, string resource,
        (double Up, double Down) tolerance)
    {
        bool Tolerated(double one) => one <= 1 + tolerance.Up && one >= 1 - tolerance.Down;
        if (missing.Count == 0 && (unready.Count == 0 || ratio <= 1))
            return Tolerated(ratio) ? current : (int)Math.Ceiling(ratio * known);
        // The unknown is taken to speak against a change.
        var others = ratio < 1 ? missing : [.. missing, .. resource == "cpu" ? unready : []];
        var newUsage = usage + (ratio < 1 ? others.Sum(share) : 0);
        var newTarget = target + others.Sum(share);
        var newRatio = newTarget == 0 ? 1 : (double)newUsage / newTarget;
        if (Tolerated(newRatio) || (ratio < 1 && newRatio > 1) || (ratio > 1 && newRatio < 1))
            return current;
        var replicas = (int)Math.Ceiling(newRatio * (known + others.Count));
        return (newRatio < 1 && replicas > current) || (newRatio > 1 && replicas < current) ? current : replicas;
    }

    private static long Request(Document pod, string resource, string? container) => pod.Spec.At("containers").Items()
        .Where(one => container is null || one.At("name").Text() == container)
        .Sum(one => one.At("resources", "requests", resource).Text() is { } text && Quantity.TryParse(text, out var quantity, out _) ? quantity.MilliValue : 0);
}
