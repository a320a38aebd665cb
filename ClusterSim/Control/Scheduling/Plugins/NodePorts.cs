using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>Rejects nodes whose host ports the pod needs are in use (<c>plugins/nodeports</c>).</summary>
internal sealed class NodePorts : IPreFilterPlugin, IFilterPlugin, IEnqueueExtensions
{
    private static readonly Status Rejected = Status.Unschedulable(nameof(NodePorts), "node(s) didn't have free ports for the requested pod ports");

    /// <inheritdoc/>
    public string Name => nameof(NodePorts);

    /// <inheritdoc/>
    public ClusterEvents EventsToRegister => ClusterEvents.AssignedPodDelete;

    /// <inheritdoc/>
    public Status? PreFilter(CycleState state, PodInfo pod, IEnumerable<NodeInfo> nodes) => pod.HostPorts.IsEmpty ? Status.Skip : null;

    /// <inheritdoc/>
    public Status? Filter(CycleState state, PodInfo pod, NodeInfo node) => pod.HostPorts.Any(port => node.UsedPorts.Any(port.Conflicts)) ? Rejected : null;
}
