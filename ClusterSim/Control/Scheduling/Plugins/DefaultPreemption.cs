using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Scheduling.Framework;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>
/// Finds a node on which a pod fits once pods of lower priority are removed (<c>plugins/defaultpreemption</c>). The best candidate violates the
/// fewest disruption budgets, then has the lowest highest priority of a victim, the lowest sum of priorities, the fewest victims, the latest start
/// of its most important victims (<c>pickOneNodeForPreemption</c>).
/// </summary>
internal sealed class DefaultPreemption(
    ApiClient client, IFrameworkHandle framework, INodeInfoLister lister, Nominator nominator, SchedulerEvents events, string schedulerName, TimeProvider clock)
    : IPostFilterPlugin
{
    // MinCandidateNodesAbsolute and MinCandidateNodesPercentage of DefaultPreemptionArgs.
    private const int MinCandidateNodes = 100;
    private const int CandidateNodesDivisor = 10;

    private readonly ResourceType _pods = client.Resource("pods");
    private readonly ResourceType _budgets = client.Resource("poddisruptionbudgets", "policy");

    /// <inheritdoc/>
    public string Name => nameof(DefaultPreemption);

    /// <inheritdoc/>
    public PostFilterResult PostFilter(CycleState state, PodInfo pod, IReadOnlyDictionary<NodeInfo, Status> nodeToStatus)
    {
        if (IneligibleReason(pod) is { } reason)
            return new PostFilterResult(null, $"not eligible due to {reason}.");
        var candidates = FindCandidates(state, pod, nodeToStatus, out var reasons);
        var best = candidates
            .OrderBy(candidate => candidate.NumPdbViolations)
            .ThenBy(candidate => HighestPriority(candidate))
            .ThenBy(candidate => candidate.Victims.Sum(victim => (long)victim.Priority + int.MaxValue))
            .ThenBy(candidate => candidate.Victims.Count)
            .ThenByDescending(candidate => candidate.Victims.Where(victim => victim.Priority == HighestPriority(candidate)).Min(victim => StartTime(victim.Pod)))
            .FirstOrDefault();
        return best is null ? new PostFilterResult(null, FitError.Summary(lister.Nodes.Count, reasons)) : new PostFilterResult(best, "");
    }

    /// <inheritdoc/>
    public void PrepareCandidate(PodInfo pod, Candidate candidate)
    {
        foreach (var victim in candidate.Victims)
            Evict(pod.Pod, victim.Pod, candidate.Node.Name);
    }

    /// <summary>Returns the reason why the pod must not preempt others, or null (<c>PodEligibleToPreemptOthers</c>).</summary>
    private string? IneligibleReason(PodInfo pod)
    {
        if (pod.Pod.Spec.At("preemptionPolicy").Text() == "Never")
            return "preemptionPolicy=Never";
        if (nominator.NominatedNodeName(pod.Pod.Key) is { } nominated && lister.Find(nominated) is { } node
            && node.Pods.Any(other => other.Pod.IsDeleting && other.Priority < pod.Priority))
            return "a terminating pod on the nominated node";
        return null;
    }

    private List<Candidate> FindCandidates(
        CycleState state, PodInfo pod, IReadOnlyDictionary<NodeInfo, Status> nodeToStatus, out List<string> reasons)
    {
        reasons = [];
        var budgets = client.Server.Store.Current(_budgets.GroupResource).All()
            .Select(budget => (Budget: budget, Selector: LabelSelector.FromObject(budget.Spec.At("selector")))).ToList();
        var candidates = new List<Candidate>();
        var nodes = lister.Nodes;
        var enough = Math.Max(MinCandidateNodes, nodes.Count / CandidateNodesDivisor);
        var offset = client.Server.Random.Next(nodes.Count);
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[(offset + i) % nodes.Count];
            if (!nodeToStatus.TryGetValue(node, out var status))
                continue;
            if (status.Code == Code.UnschedulableAndUnresolvable)
                reasons.Add("Preemption is not helpful for scheduling");
            else if (candidates.Count < enough && SelectVictims(state, pod, node, budgets) is { } candidate)
                candidates.Add(candidate);
            else
                reasons.Add("No preemption victims found for incoming pod");
        }
        return candidates;
    }

    /// <summary>Returns the fewest pods whose removal makes room on the node, or null (<c>SelectVictimsOnNode</c>).</summary>
    private Candidate? SelectVictims(CycleState state, PodInfo pod, NodeInfo node, List<(Document Budget, LabelSelector Selector)> budgets)
    {
        var trial = node.Snapshot();
        var lower = node.Pods.Where(other => other.Priority < pod.Priority).ToList();
        if (lower.Count == 0)
            return null;
        foreach (var victim in lower)
            trial.RemovePod(victim.Pod.Key);
        if (!Fits(state, pod, trial))
            return null;
        // As many as possible are kept: first those whose removal violates a budget, the most important ones before others.
        var byImportance = lower.OrderByDescending(other => other.Priority).ThenBy(other => StartTime(other.Pod)).ToList();
        var violating = PodsViolatingBudgets(byImportance, budgets);
        var victims = new List<PodInfo>();
        var violations = 0;
        foreach (var other in byImportance.Where(violating.Contains).Concat(byImportance.Where(other => !violating.Contains(other))))
        {
            trial.AddPod(other);
            if (Fits(state, pod, trial))
                continue;
            trial.RemovePod(other.Pod.Key);
            victims.Add(other);
            if (violating.Contains(other))
                violations++;
        }
        return victims.Count == 0 ? null : new Candidate(node, victims, violations);
    }

    private bool Fits(CycleState state, PodInfo pod, NodeInfo trial) => framework.RunFilterPlugins(
        framework.Recount(state, pod, lister.Nodes.Select(node => node.Name == trial.Name ? trial : node)), pod, trial) is null;

    /// <summary>Returns the pods whose removal violates a disruption budget (<c>filterPodsWithPDBViolation</c>).</summary>
    private static HashSet<PodInfo> PodsViolatingBudgets(List<PodInfo> pods, List<(Document Budget, LabelSelector Selector)> budgets)
    {
        var allowed = budgets.ToDictionary(one => one.Budget, one => one.Budget.Status.At("disruptionsAllowed").Integer(0));
        var violating = new HashSet<PodInfo>();
        foreach (var pod in pods)
            foreach (var (budget, selector) in budgets)
                if (budget.Namespace == pod.Pod.Namespace && selector.Matches(pod.Pod.Labels) && !budget.Status.At("disruptedPods", pod.Pod.Name).Exists() && --allowed[budget] < 0)
                    violating.Add(pod);
        return violating;
    }

    private void Evict(Document pod, Document victim, string node)
    {
        client.Change(
            _pods, victim.Key,
            @object => Conditions.Set(
                @object.Ensure("status"), "DisruptionTarget", "True", "PreemptionByScheduler",
                $"{schedulerName}: preempting to accommodate a higher priority pod", clock.GetUtcNow()),
            "status");
        try
        {
            client.Delete(_pods, victim.Key, new DeleteOptions { PreconditionUid = victim.Uid });
            events.Normal(victim, "Preempted", "Preempting", $"Preempted by pod {pod.Uid} on node {node}");
        }
        catch (KubernetesApiException ex) when (ex.Code == 409)
        {
            // Another pod has this name by now: the victim is gone.
        }
    }

    private static int HighestPriority(Candidate candidate) => candidate.Victims.Max(victim => victim.Priority);

    private static DateTimeOffset StartTime(Document pod) => pod.Status.At("startTime").Time() ?? pod.Created();
}
