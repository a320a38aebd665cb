using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling;

/// <summary>Chooses a node for a pod: filters, then scores (<c>schedulePod</c> of <c>schedule_one.go</c>). Callers hold the cache's lock.</summary>
internal sealed class SchedulingAlgorithm(SchedulerProfile profile, SchedulerCache cache, Nominator nominator, Randomness random)
{
    // minFeasibleNodesToFind, minFeasibleNodesPercentageToFind and the formula of numFeasibleNodesToFind.
    private const int MinFeasibleNodes = 100;
    private const int MinFeasibleNodesPercentage = 5;
    private const int FeasibleNodesPercentage = 50;
    private const int NodesPerPercent = 125;

    private int _nextStartNodeIndex;

    /// <summary>Returns the best node, or null with the nodes' rejections. PreFilter has run.</summary>
    public NodeInfo? SchedulePod(CycleState state, PodInfo pod, out IReadOnlyDictionary<NodeInfo, Status> nodeToStatus)
    {
        var feasible = FindNodesThatPassFilters(state, pod, out nodeToStatus);
        if (feasible.Count == 0)
            return null;
        if (nominator.NominatedNodeName(pod.Pod.Key) is { } nominated && feasible.Find(node => node.Name == nominated) is { } preferred)
            return preferred;
        if (feasible.Count == 1)
            return feasible[0];
        profile.RunPreScorePlugins(state, pod, feasible);
        return SelectHost(feasible, SchedulerProfile.RunScorePlugins(state, pod, feasible));
    }

    /// <summary>
    /// Returns enough nodes that fit. In a large cluster this is a percentage of all nodes, which shrinks with their number; the search for the
    /// next pod starts where this one ended.
    /// </summary>
    private List<NodeInfo> FindNodesThatPassFilters(CycleState state, PodInfo pod, out IReadOnlyDictionary<NodeInfo, Status> nodeToStatus)
    {
        var nodes = cache.Nodes;
        var enough = NumFeasibleNodesToFind(nodes.Count);
        var feasible = new List<NodeInfo>(enough);
        var rejected = new Dictionary<NodeInfo, Status>();
        var processed = 0;
        for (; processed < nodes.Count && feasible.Count < enough; processed++)
        {
            var node = nodes[(_nextStartNodeIndex + processed) % nodes.Count];
            state.Nominated = nominator.RequestsOn(node, pod);
            if (profile.RunFilterPlugins(state, pod, node) is { } status)
                rejected[node] = status;
            else
                feasible.Add(node);
        }
        _nextStartNodeIndex = (_nextStartNodeIndex + processed) % nodes.Count;
        nodeToStatus = rejected;
        return feasible;
    }

    private static int NumFeasibleNodesToFind(int nodes) => nodes < MinFeasibleNodes
        ? nodes
        : Math.Max(MinFeasibleNodes, nodes * Math.Max(MinFeasibleNodesPercentage, FeasibleNodesPercentage - (nodes / NodesPerPercent)) / 100);

    /// <summary>Returns a node with the highest score; ties are broken randomly.</summary>
    private NodeInfo SelectHost(List<NodeInfo> nodes, double[] scores)
    {
        var best = 0;
        var ties = 1;
        for (var i = 1; i < scores.Length; i++)
        {
            if (scores[i] > scores[best])
                (best, ties) = (i, 1);
            else if (scores[i] == scores[best] && random.Next(++ties) == 0)
                best = i;
        }
        return nodes[best];
    }
}
