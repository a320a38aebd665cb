using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>Rejects nodes that the pod's node selector or required node affinity excludes, and prefers those its preferred affinity names (<c>plugins/nodeaffinity</c>).</summary>
internal sealed class NodeAffinity : IPreFilterPlugin, IFilterPlugin, IPreScorePlugin, IScorePlugin
{
    private static readonly Status Rejected = Status.Unresolvable(nameof(NodeAffinity), "node(s) didn't match Pod's node affinity/selector");

    /// <inheritdoc/>
    public string Name => nameof(NodeAffinity);

    /// <inheritdoc/>
    public Status? PreFilter(CycleState state, PodInfo pod, IEnumerable<NodeInfo> nodes) => pod.RequiredNodeAffinity.IsEmpty ? Status.Skip : null;

    /// <inheritdoc/>
    public Status? Filter(CycleState state, PodInfo pod, NodeInfo node) => pod.RequiredNodeAffinity.Match(node.Name, node.Labels) ? null : Rejected;

    /// <inheritdoc/>
    public Status? PreScore(CycleState state, PodInfo pod, IReadOnlyList<NodeInfo> nodes) => pod.PreferredSchedulingTerms.IsEmpty ? Status.Skip : null;

    /// <inheritdoc/>
    public double Score(CycleState state, PodInfo pod, NodeInfo node) =>
        pod.PreferredSchedulingTerms.Sum(preferred => preferred.Term.Match(node.Name, node.Labels) ? preferred.Weight : 0);

    /// <inheritdoc/>
    public void NormalizeScore(Span<double> scores) => MinMaxNormalization.Apply(scores, reverse: false);
}
