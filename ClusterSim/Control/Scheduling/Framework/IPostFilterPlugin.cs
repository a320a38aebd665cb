namespace ClusterSim.Scheduling.Framework;

/// <summary>Tries to make a pod schedulable that no node fits.</summary>
internal interface IPostFilterPlugin : IPlugin
{
    /// <summary>Looks for a node on which the pod fits once other pods are removed. Called with the scheduler's lock held.</summary>
    PostFilterResult PostFilter(CycleState state, PodInfo pod, IReadOnlyDictionary<NodeInfo, Status> nodeToStatus);

    /// <summary>Removes the candidate's victims. Called without the lock, after the failure is recorded.</summary>
    void PrepareCandidate(PodInfo pod, Candidate candidate);
}

/// <summary>The result of <see cref="IPostFilterPlugin.PostFilter"/>.</summary>
/// <param name="Candidate">The node and the pods to remove; null if removing pods does not help.</param>
/// <param name="Message">The reason why there is no candidate; empty if there is one.</param>
internal sealed record PostFilterResult(Candidate? Candidate, string Message);

/// <summary>A node and the pods to remove from it (<c>preemption.Candidate</c>).</summary>
/// <param name="Node">The node.</param>
/// <param name="Victims">The pods to remove.</param>
/// <param name="NumPdbViolations">The number of victims whose removal violates a PodDisruptionBudget.</param>
internal sealed record Candidate(NodeInfo Node, IReadOnlyList<PodInfo> Victims, int NumPdbViolations);
