using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Autoscaling;

/// <summary>
/// Scales what has a scale subresource by metrics of its pods, every 15 s (<c>pkg/controller/podautoscaler</c>): the largest proposal counts; down
/// only to the largest of the last five minutes; up by at most 4 pods or 100 % in 15 s, unless <c>behavior</c> says otherwise.
/// </summary>
internal sealed class HorizontalPodAutoscalerController : Controller
{
    private static readonly TimeSpan Sync = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, List<(DateTimeOffset At, int Replicas)>> _recommended = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(DateTimeOffset At, int Change)>> _changes = new(StringComparer.Ordinal);
    private readonly ReplicaCalculator _calculator;
    private readonly ResourceType _autoscalers;
    private readonly ResourceType _pods;

    /// <summary>An autoscaler on these metrics.</summary>
    public HorizontalPodAutoscalerController(ControllerContext context, IPodMetrics metrics)
        : base(context)
    {
        _calculator = new ReplicaCalculator(metrics);
        _autoscalers = Client.Resource("horizontalpodautoscalers", "autoscaling");
        _pods = Client.Resource("pods");
        context.Informers.Handle(_autoscalers, change =>
        {
            if (change.Previous is null || change.Previous.Generation() != change.Document.Generation())
                Queue.Add(change.Document.Key);
        });
    }

    /// <inheritdoc/>
    protected override int Workers => 1;

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_autoscalers).Find(key) is not { IsDeleting: false } autoscaler)
        {
            _recommended.Remove(key.ToString());
            _changes.Remove(key.ToString());
            return null;
        }
        Scale(autoscaler);
        return Sync;
    }

    private void Scale(Document autoscaler)
    {
        var now = Now;
        var status = autoscaler.Status.ToObject();
        var before = status.DeepClone();
        var (target, live) = Target(autoscaler);
        if (target is null || live is null)
        {
            var reference = autoscaler.Spec.At("scaleTargetRef");
            var message = target is null
                ? $"no matches for kind \"{reference.At("kind").Text()}\" in group \"{GroupVersion.Parse(reference.At("apiVersion").Text("")).Group}\""
                : $"{target.GroupResource} \"{reference.At("name").Text()}\" not found";
            Context.Events.Warning(autoscaler, "FailedGetScale", message);
            Condition(status, "AbleToScale", "False", "FailedGetScale", $"the HPA controller was unable to get the target's current scale: {message}");
            Write(autoscaler, before, status);
            return;
        }
        Condition(status, "AbleToScale", "True", "SucceededGetScale", "the HPA controller was able to get the target's current scale");
        var current = live.Spec.At("replicas").Integer(1);
        var min = autoscaler.Spec.At("minReplicas").Integer(1);
        var max = autoscaler.Spec.At("maxReplicas").Integer(1);
        var desired = current;
        string? why = null;
        if (current == 0 && min != 0)
        {
            Condition(status, "ScalingActive", "False", "ScalingDisabled", "scaling is disabled since the replica count of the target is zero");
            desired = 0;
        }
        else if (current > max)
        {
            (desired, why) = (max, "Current number of replicas above Spec.MaxReplicas");
        }
        else if (current < min)
        {
            (desired, why) = (min, "Current number of replicas below Spec.MinReplicas");
        }
        else if (ByMetrics(autoscaler, live, status, current) is var (proposed, name))
        {
            why = proposed > current ? $"{name} above target" : proposed < current ? "All metrics below target" : null;
            desired = Limit(autoscaler, status, current, proposed, min, max, now);
        }
        else
        {
            Conditions.Count(status, "currentReplicas", current);
            Write(autoscaler, before, status);
            return;
        }
        if (desired != current)
            Rescale(autoscaler, target, live, status, current, desired, why ?? "", now);
        status["observedGeneration"] = autoscaler.Generation();
        Conditions.Count(status, "currentReplicas", current);
        status["desiredReplicas"] = desired;
        Write(autoscaler, before, status);
    }

    private (int Replicas, string Name)? ByMetrics(Document autoscaler, Document live, JsonObject status, int current)
    {
        var selector = LabelSelector.FromObject(live.Spec.At("selector"));
        var pods = Current(_pods).All(autoscaler.Namespace).Where(pod => selector.Matches(pod.Labels)).ToList();
        var behavior = autoscaler.Spec.At("behavior");
        var tolerance = (Tolerance(behavior.At("scaleUp")), Tolerance(behavior.At("scaleDown")));
        Proposal? best = null;
        MetricException? first = null;
        var invalid = 0;
        var statuses = new JsonArray();
        var metrics = autoscaler.Spec.At("metrics");
        foreach (var metric in metrics.Items())
        {
            try
            {
                var proposal = _calculator.Propose(metric, current, pods, tolerance);
                statuses.Add((JsonNode)proposal.Status);
                if (best is null || proposal.Replicas > best.Replicas)
                    best = proposal;
            }
            catch (MetricException unknown)
            {
                Context.Events.Warning(autoscaler, unknown.Reason, unknown.Message);
                invalid++;
                first ??= unknown;
            }
        }
        if (first is not null && (best is null || best.Replicas < current))
        {
            // With a metric unknown nothing is scaled down.
            Condition(status, "ScalingActive", "False", first.Reason, $"the HPA was unable to compute the replica count: {first.Message}");
            var kind = metrics.Items().First().At("type").Text() == "ContainerResource" ? "container resource" : "resource";
            var resource = metrics.Items().First().At("resource", "name").Text() ?? metrics.Items().First().At("containerResource", "name").Text();
            Context.Events.Warning(autoscaler, "FailedComputeMetricsReplicas",
                $"invalid metrics ({invalid} invalid out of {metrics.Count()}), first error is: failed to get {resource} {kind} metric value: {first.Message}");
            return null;
        }
        if (best is null)
            return null;
        status["currentMetrics"] = statuses;
        Condition(status, "ScalingActive", "True", "ValidMetricFound", $"the HPA was able to successfully calculate a replica count from {best.Name}");
        return (best.Replicas, best.Name);
    }

    /// <summary>Brings a proposal into the limits: stabilization, speed, minimum and maximum; the ScalingLimited condition says which held.</summary>
    private int Limit(Document autoscaler, JsonObject status, int current, int proposed, int min, int max, DateTimeOffset now)
    {
        var behavior = autoscaler.Spec.At("behavior");
        var up = behavior.At("scaleUp");
        var down = behavior.At("scaleDown");
        var key = autoscaler.Key.ToString();
        if (!_recommended.TryGetValue(key, out var recent))
            _recommended[key] = recent = [];
        var upWindow = TimeSpan.FromSeconds(up.At("stabilizationWindowSeconds").Integer(0));
        var downWindow = TimeSpan.FromSeconds(down.At("stabilizationWindowSeconds").Integer(300));
        recent.RemoveAll(one => one.At < now - (upWindow > downWindow ? upWindow : downWindow));
        recent.Add((now, proposed));
        var stable = current;
        var lowest = recent.Where(one => one.At >= now - upWindow).Min(one => one.Replicas);
        var highest = recent.Where(one => one.At >= now - downWindow).Max(one => one.Replicas);
        if (stable < lowest)
            stable = lowest;
        if (stable > highest)
            stable = highest;
        if (stable != proposed)
            Condition(status, "AbleToScale", "True", stable > proposed ? "ScaleDownStabilized" : "ScaleUpStabilized",
                stable > proposed ? "recent recommendations were higher than current one, applying the highest recent recommendation" : "recent recommendations were lower than current one, applying the lowest recent recommendation");
        else
            Condition(status, "AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size");

        var limited = stable;
        if (stable > current)
            limited = Math.Min(stable, Math.Max(current, Fastest(key, up, current, +1, now)));
        else if (stable < current)
            limited = Math.Max(stable, Math.Min(current, Fastest(key, down, current, -1, now)));
        if (limited > max)
            Condition(status, "ScalingLimited", "True", "TooManyReplicas", "the desired replica count is more than the maximum replica count");
        else if (limited < min)
            Condition(status, "ScalingLimited", "True", "TooFewReplicas", "the desired replica count is less than the minimum replica count");
        else if (limited != stable)
            Condition(status, "ScalingLimited", "True", stable > current ? "ScaleUpLimit" : "ScaleDownLimit",
                stable > current ? "the desired replica count is increasing faster than the maximum scale rate" : "the desired replica count is decreasing faster than the maximum scale rate");
        else
            Condition(status, "ScalingLimited", "False", "DesiredWithinRange", "the desired count is within the acceptable range");
        return Math.Clamp(limited, min, max);
    }

    /// <summary>How far the policies of a direction let the count go now.</summary>
    private int Fastest(string key, JsonElement rules, int current, int direction, DateTimeOffset now)
    {
        var select = rules.At("selectPolicy").Text("Max");
        if (select == "Disabled")
            return current;
        var policies = rules.At("policies").Items().Select(policy => (Type: policy.At("type").Text(""), Value: policy.At("value").Integer(0), Period: policy.At("periodSeconds").Integer(15))).ToList();
        if (policies.Count == 0)
            policies = direction > 0 ? [("Pods", 4, 15), ("Percent", 100, 15)] : [("Percent", 100, 15)];
        var changes = _changes.GetValueOrDefault(key) ?? [];
        var limits = policies.Select(policy =>
        {
            var recent = changes.Where(one => one.At > now.AddSeconds(-policy.Period) && Math.Sign(one.Change) == direction).Sum(one => one.Change);
            var start = current - recent;
            var limit = policy.Type == "Pods" ? start + (direction * policy.Value) : start * (1 + (direction * policy.Value / 100.0));
            return direction > 0 ? (int)Math.Ceiling(limit) : (int)Math.Floor(limit);
        }).ToList();
        return direction > 0 == (select == "Max") ? limits.Max() : limits.Min();
    }

    private void Rescale(Document autoscaler, ResourceType target, Document live, JsonObject status, int current, int desired, string why, DateTimeOffset now)
    {
        try
        {
            Client.Update(target, Object(
                ("apiVersion", "autoscaling/v1"),
                ("kind", "Scale"),
                ("metadata", Object(("name", live.Name), ("namespace", live.Namespace), ("resourceVersion", live.Metadata.At("resourceVersion").Text()))),
                ("spec", Object(("replicas", desired)))), "scale");
        }
        catch (KubernetesApiException refused) when (refused.Code != 409)
        {
            Context.Events.Warning(autoscaler, "FailedRescale", $"New size: {desired}; reason: {why}; error: {refused.Message}");
            Condition(status, "AbleToScale", "False", "FailedUpdateScale", $"the HPA controller was unable to update the target scale: {refused.Message}");
            return;
        }
        Condition(status, "AbleToScale", "True", "SucceededRescale", $"the HPA controller was able to update the target scale to {desired}");
        Context.Events.Normal(autoscaler, "SuccessfulRescale", $"New size: {desired}; reason: {why}");
        status["lastScaleTime"] = now.Stamp();
        var key = autoscaler.Key.ToString();
        if (!_changes.TryGetValue(key, out var changes))
            _changes[key] = changes = [];
        changes.RemoveAll(one => one.At < now.AddMinutes(-30));
        changes.Add((now, desired - current));
    }

    private (ResourceType? Resource, Document? Live) Target(Document autoscaler)
    {
        var reference = autoscaler.Spec.At("scaleTargetRef");
        var (group, version) = GroupVersion.Parse(reference.At("apiVersion").Text(""));
        var resource = Client.Server.Catalog.Find(new GroupVersionKind(group, version, reference.At("kind").Text("")));
        return (resource, resource is null ? null : Current(resource).Find(new ObjectKey(autoscaler.Namespace, reference.At("name").Text(""))));
    }

    private static double Tolerance(JsonElement rules) =>
        rules.At("tolerance").Text() is { } text && Quantity.TryParse(text, out var quantity, out _) ? quantity.MilliValue / 1000.0 : ReplicaCalculator.DefaultTolerance;

    private void Condition(JsonObject status, string type, string value, string reason, string message) => Conditions.Set(status, type, value, reason, message, Now);

    private void Write(Document autoscaler, JsonNode before, JsonObject status)
    {
        if (JsonNode.DeepEquals(before, status))
            return;
        status.Default("desiredReplicas", 0);
        var @object = autoscaler.ToObject();
        @object["status"] = status;
        Client.Update(_autoscalers, @object, "status");
    }
}
