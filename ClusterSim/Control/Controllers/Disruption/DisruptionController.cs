using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Disruption;

/// <summary>
/// Counts for each PodDisruptionBudget how many pods are healthy, must be, and may be disrupted (<c>pkg/controller/disruption</c>), and
/// forgets evictions that never came to be.
/// </summary>
internal sealed class DisruptionController : Controller
{
    // An eviction that was granted counts until the pod goes, but no longer than this.
    private static readonly TimeSpan DeletionTimeout = TimeSpan.FromMinutes(2);

    private readonly ResourceType _budgets;
    private readonly ResourceType _pods;

    /// <summary>A controller of PodDisruptionBudgets.</summary>
    public DisruptionController(ControllerContext context)
        : base(context)
    {
        _budgets = Client.Resource("poddisruptionbudgets", "policy");
        _pods = Client.Resource("pods");
        ForEach(_budgets);
        context.Informers.Handle(_pods, change =>
        {
            foreach (var budget in Current(_budgets).All(change.Document.Namespace))
                if (Selector(budget).Matches(change.Document.Labels) || (change.Previous is { } before && Selector(budget).Matches(before.Labels)))
                    Queue.Add(budget.Key);
        });
        foreach (var (name, group) in ((string, string)[])[("deployments", "apps"), ("replicasets", "apps"), ("statefulsets", "apps"), ("replicationcontrollers", "")])
            context.Informers.Handle(Client.Resource(name, group), change =>
            {
                foreach (var budget in Current(_budgets).All(change.Document.Namespace))
                    Queue.Add(budget.Key);
            });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_budgets).Find(key) is not { } budget)
            return null;
        var selector = Selector(budget);
        var pods = Current(_pods).All(budget.Namespace).Where(pod => selector.Matches(pod.Labels)).ToList();
        if (pods.Count == 0)
            Context.Events.Normal(budget, "NoPods", "No matching pods found");
        int expected;
        int desired;
        string? failure = null;
        try
        {
            (expected, desired) = Expected(budget, pods);
        }
        catch (FormatException unreadable)
        {
            Context.Events.Warning(budget, "CalculateExpectedPodCountFailed", $"Failed to calculate the number of expected pods: {unreadable.Message}");
            (expected, desired, failure) = (0, 0, unreadable.Message);
        }
        var now = Now;
        var (disrupted, recheck) = Disrupted(budget, pods, now);
        var healthy = pods.Count(pod => !pod.IsDeleting && !disrupted.ContainsKey(pod.Name) && pod.IsReady());
        WriteStatus(budget, healthy, desired, expected, disrupted, failure, now);
        return recheck;
    }

    private static LabelSelector Selector(Document budget) => LabelSelector.FromObject(budget.Spec.At("selector"));

    /// <summary>How many pods there should be, by what controls them, and how many must be healthy.</summary>
    private (int Expected, int Desired) Expected(Document budget, List<Document> pods)
    {
        var minAvailable = budget.Spec.At("minAvailable");
        var maxUnavailable = budget.Spec.At("maxUnavailable");
        if (maxUnavailable.Exists())
        {
            var expected = ExpectedScale(pods);
            return (expected, Math.Max(0, expected - IntOrPercent.Of(maxUnavailable, expected, roundUp: true)));
        }
        if (minAvailable.Integer() is { } number)
            return (pods.Count, (int)number);
        var scale = ExpectedScale(pods);
        return (scale, IntOrPercent.Of(minAvailable, scale, roundUp: true));
    }

    private int ExpectedScale(List<Document> pods)
    {
        var controllers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if (OwnerReferences.ControllerOf(pod) is not { } owner)
                throw new FormatException($"found no controllers for pod \"{pod.Name}\"");
            if (!controllers.ContainsKey(owner.Uid) && ScaleOf(pod.Namespace!, owner) is var (uid, replicas))
                controllers[uid] = replicas;
        }
        return controllers.Values.Sum();
    }

    private (string Uid, int Replicas)? ScaleOf(string @namespace, (string Kind, string Name, string Uid) owner)
    {
        var resource = owner.Kind switch
        {
            "ReplicaSet" => Client.Resource("replicasets", "apps"),
            "StatefulSet" => Client.Resource("statefulsets", "apps"),
            "ReplicationController" => Client.Resource("replicationcontrollers"),
            _ => throw new FormatException($"{owner.Kind}.{owner.Name} does not implement the scale subresource"),
        };
        if (Current(resource).Find(new ObjectKey(@namespace, owner.Name)) is not { } found || found.Uid != owner.Uid)
            return null;
        if (OwnerReferences.ControllerOf(found) is { Kind: "Deployment" } deployment
            && Current(Client.Resource("deployments", "apps")).Find(new ObjectKey(@namespace, deployment.Name)) is { } above && above.Uid == deployment.Uid)
            found = above;
        return (found.Uid, found.Spec.At("replicas").Integer(1));
    }

    private static (Dictionary<string, string> Disrupted, TimeSpan? Recheck) Disrupted(Document budget, List<Document> pods, DateTimeOffset now)
    {
        var disrupted = new Dictionary<string, string>(StringComparer.Ordinal);
        TimeSpan? recheck = null;
        foreach (var (name, stamp) in budget.Status.At("disruptedPods").TextMap())
        {
            if (pods.Find(pod => pod.Name == name) is not { IsDeleting: false } || !DateTimeOffset.TryParse(stamp, out var since))
                continue;
            var left = since + DeletionTimeout - now;
            if (left <= TimeSpan.Zero)
                continue;
            disrupted[name] = stamp;
            recheck = recheck is null || left < recheck ? left : recheck;
        }
        return (disrupted, recheck);
    }

    private void WriteStatus(Document budget, int healthy, int desired, int expected, Dictionary<string, string> disrupted, string? failure, DateTimeOffset now)
    {
        var allowed = expected <= 0 ? 0 : Math.Max(0, healthy - desired);
        var status = budget.Status.ToObject();
        var before = status.DeepClone();
        status["currentHealthy"] = healthy;
        status["desiredHealthy"] = desired;
        status["expectedPods"] = expected;
        status["disruptionsAllowed"] = allowed;
        status["observedGeneration"] = budget.Generation();
        status.Remove("disruptedPods");
        foreach (var (name, stamp) in disrupted)
            status.Ensure("disruptedPods")[name] = stamp;
        Conditions.Set(
            status, "DisruptionAllowed", allowed > 0 ? "True" : "False",
            failure is not null ? "SyncFailed" : allowed > 0 ? "SufficientPods" : "InsufficientPods", failure ?? "", now,
            ("observedGeneration", budget.Generation()));
        if (JsonNode.DeepEquals(before, status))
            return;
        var @object = budget.ToObject();
        @object["status"] = status;
        Client.Update(_budgets, @object, "status");
    }
}
