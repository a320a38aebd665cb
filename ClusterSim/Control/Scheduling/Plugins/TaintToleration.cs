using ClusterSim.Objects;
using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>
/// Rejects nodes with taints that the pod does not tolerate, and prefers those with fewer <c>PreferNoSchedule</c> taints that it does not
/// tolerate (<c>plugins/tainttoleration</c>).
/// </summary>
internal sealed class TaintToleration : IFilterPlugin, IPreScorePlugin, IScorePlugin
{
    private static readonly Status Rejected = Status.Unresolvable(nameof(TaintToleration), "node(s) had untolerated taint(s)");

    /// <inheritdoc/>
    public string Name => nameof(TaintToleration);

    /// <inheritdoc/>
    public Status? Filter(CycleState state, PodInfo pod, NodeInfo node) =>
        Toleration.FindMatchingUntoleratedTaint(node.Taints, pod.Tolerations) is null ? null : Rejected;

    /// <inheritdoc/>
    public Status? PreScore(CycleState state, PodInfo pod, IReadOnlyList<NodeInfo> nodes)
    {
        foreach (var node in nodes)
            foreach (var taint in node.Taints)
                if (IsPreference(taint))
                    return null;
        return Status.Skip;
    }

    /// <inheritdoc/>
    public double Score(CycleState state, PodInfo pod, NodeInfo node) =>
        node.Taints.Count(taint => IsPreference(taint) && !Toleration.AnyTolerates(pod.Tolerations, taint));

    /// <inheritdoc/>
    public void NormalizeScore(Span<double> scores) => MinMaxNormalization.Apply(scores, reverse: true);

    private static bool IsPreference(Taint taint) => taint.Effect == "PreferNoSchedule";
}
