using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>
/// Which pods of lower priority to remove, from which node, so that a pod finds room (<c>defaultpreemption</c>): fewest broken disruption
/// budgets, then the lowest of the highest victims, the lowest sum of priorities, the fewest victims, the latest to have started.
/// </summary>
internal sealed class Preemption(SchedulerCache cache, VersionedStore store, Func<string, IReadOnlyDictionary<string, string>> namespaceLabels)
{
    private const int CandidatesMin = 100;

    /// <summary>A node and who would have to go.</summary>
    public sealed record Candidate(NodeInfo Node, List<PodInfo> Victims, int Violations);

    /// <summary>The best candidate, or null with the reason for each node.</summary>
    public Candidate? Find(PodInfo pod, VolumeBinding volumes, IReadOnlyDictionary<NodeInfo, Rejection> rejections, int offset, out List<string> reasons)
    {
        reasons = [];
        var budgets = store.Current(new("policy", "poddisruptionbudgets")).All()
            .Select(budget => (Budget: budget, Selector: LabelSelector.FromObject(budget.Spec.At("selector")))).ToList();
        var candidates = new List<Candidate>();
        var nodes = cache.Nodes;
        var enough = Math.Max(CandidatesMin, nodes.Count / 10);
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[(offset + i) % nodes.Count];
            if (!rejections.TryGetValue(node, out var rejection))
                continue;
            if (!rejection.IsResolvable)
                reasons.Add("Preemption is not helpful for scheduling");
            else if (candidates.Count < enough && Try(pod, node, volumes, budgets) is { } candidate)
                candidates.Add(candidate);
            else
                reasons.Add("No preemption victims found for incoming pod");
        }
        return candidates
            .OrderBy(one => one.Violations)
            .ThenBy(one => one.Victims.Max(victim => victim.Priority))
            .ThenBy(one => one.Victims.Sum(victim => (long)victim.Priority + int.MaxValue))
            .ThenBy(one => one.Victims.Count)
            .ThenByDescending(one => one.Victims.Where(victim => victim.Priority == one.Victims.Max(other => other.Priority)).Min(victim => StartOf(victim.Pod)))
            .FirstOrDefault();
    }

    private Candidate? Try(PodInfo pod, NodeInfo node, VolumeBinding volumes, List<(Document Budget, LabelSelector Selector)> budgets)
    {
        var trial = node.Copy();
        var lower = node.Pods.Where(other => other.Priority < pod.Priority).ToList();
        if (lower.Count == 0)
            return null;
        foreach (var victim in lower)
            trial.Remove(victim.Pod.Key);
        if (!Fits(pod, trial, volumes))
            return null;
        // Who may stay is told in order of importance; those whose budget would be broken are asked first.
        var important = lower.OrderByDescending(other => other.Priority).ThenBy(other => StartOf(other.Pod)).ToList();
        var violating = ViolatingOf(important, budgets);
        var victims = new List<PodInfo>();
        var violations = 0;
        foreach (var other in important.Where(violating.Contains).Concat(important.Where(other => !violating.Contains(other))))
        {
            trial.Add(other);
            if (Fits(pod, trial, volumes))
                continue;
            trial.Remove(other.Pod.Key);
            victims.Add(other);
            if (violating.Contains(other))
                violations++;
        }
        return victims.Count == 0 ? null : new Candidate(node, victims, violations);
    }

    private bool Fits(PodInfo pod, NodeInfo trial, VolumeBinding volumes)
    {
        var nodes = pod.Spread.IsEmpty && !pod.HasTerms && cache.WithTerms == 0
            ? []
            : cache.Nodes.Select(node => node.Name == trial.Name ? trial : node).ToList();
        var state = new PlacementState(pod, nodes, cache.WithTerms > 0, namespaceLabels);
        return Filters.Run(pod, trial, state, volumes, ResourceAmounts.Zero, 0) is null;
    }

    private static HashSet<PodInfo> ViolatingOf(List<PodInfo> pods, List<(Document Budget, LabelSelector Selector)> budgets)
    {
        var left = budgets.ToDictionary(one => one.Budget, one => one.Budget.Status.At("disruptionsAllowed").Integer(0));
        var violating = new HashSet<PodInfo>();
        foreach (var pod in pods)
            foreach (var (budget, selector) in budgets)
                if (budget.Namespace == pod.Pod.Namespace && selector.Matches(pod.Pod.Labels) && !budget.Status.At("disruptedPods", pod.Pod.Name).Exists() && --left[budget] < 0)
                    violating.Add(pod);
        return violating;
    }

    private static DateTimeOffset StartOf(Document pod) => pod.Status.At("startTime").Time() ?? pod.Created();
}
