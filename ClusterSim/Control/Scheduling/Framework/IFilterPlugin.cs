namespace ClusterSim.Scheduling.Framework;

/// <summary>Decides whether a node can run a pod.</summary>
internal interface IFilterPlugin : IPlugin
{
    /// <summary>Returns null if the node can run the pod, otherwise the reason why not.</summary>
    Status? Filter(CycleState state, PodInfo pod, NodeInfo node);
}
