namespace ClusterSim.Scheduling.Framework;

/// <summary>What a plugin can use of the framework that runs it (<c>framework.Handle</c>).</summary>
internal interface IFrameworkHandle
{
    /// <summary>Returns a copy of the state with the data that depends on pods computed anew, over these nodes.</summary>
    CycleState Recount(CycleState state, PodInfo pod, IEnumerable<NodeInfo> nodes);

    /// <summary>Runs the filters of the cycle; returns the first rejection, or null.</summary>
    Status? RunFilterPlugins(CycleState state, PodInfo pod, NodeInfo node);
}
