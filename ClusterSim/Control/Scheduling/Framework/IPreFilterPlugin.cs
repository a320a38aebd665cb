namespace ClusterSim.Scheduling.Framework;

/// <summary>Prepares data for <see cref="IFilterPlugin"/>, once per pod.</summary>
internal interface IPreFilterPlugin : IPlugin
{
    /// <summary>
    /// Returns null, <see cref="Status.Skip"/> if the plugin's filter accepts every node, or the reason why no node fits.
    /// <paramref name="nodes"/> are all nodes of the cluster.
    /// </summary>
    Status? PreFilter(CycleState state, PodInfo pod, IEnumerable<NodeInfo> nodes);

    /// <summary>
    /// Whether the data depends on the pods of the nodes, so that a preemption trial has to run PreFilter again. Upstream's
    /// <c>PreFilterExtensions</c> adjust the data pod by pod instead.
    /// </summary>
    bool CountsPods => false;
}
