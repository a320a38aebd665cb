using ClusterSim.Objects;
using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>Rejects cordoned nodes, unless the pod tolerates <c>node.kubernetes.io/unschedulable</c> (<c>plugins/nodeunschedulable</c>).</summary>
internal sealed class NodeUnschedulable : IFilterPlugin
{
    private static readonly Taint Unschedulable = new("node.kubernetes.io/unschedulable", "", "NoSchedule");
    private static readonly Status Rejected = Status.Unresolvable(nameof(NodeUnschedulable), "node(s) were unschedulable");

    /// <inheritdoc/>
    public string Name => nameof(NodeUnschedulable);

    /// <inheritdoc/>
    public Status? Filter(CycleState state, PodInfo pod, NodeInfo node) =>
        node.IsUnschedulable && !Toleration.AnyTolerates(pod.Tolerations, Unschedulable) ? Rejected : null;
}
