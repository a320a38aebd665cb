using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>Prefers nodes of which the pod leaves similar fractions of CPU and memory requested (<c>plugins/noderesources/balanced_allocation.go</c>).</summary>
internal sealed class NodeResourcesBalancedAllocation : IScorePlugin
{
    /// <inheritdoc/>
    public string Name => nameof(NodeResourcesBalancedAllocation);

    /// <inheritdoc/>
    public double Score(CycleState state, PodInfo pod, NodeInfo node)
    {
        if (pod.Requests.MilliCpu <= 0 && pod.Requests.Memory <= 0)
            return ScorePlugin.MaxNodeScore;
        var cpu = NodeResourcesFit.Fraction(node.Requested.MilliCpu + pod.Requests.MilliCpu, node.Allocatable.MilliCpu);
        var memory = NodeResourcesFit.Fraction(node.Requested.Memory + pod.Requests.Memory, node.Allocatable.Memory);
        return Math.Floor((1 - (Math.Abs(cpu - memory) / 2)) * ScorePlugin.MaxNodeScore);
    }
}
