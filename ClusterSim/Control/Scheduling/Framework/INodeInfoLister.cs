namespace ClusterSim.Scheduling.Framework;

/// <summary>The nodes as the scheduler sees them (<c>framework.NodeInfoLister</c>).</summary>
internal interface INodeInfoLister
{
    /// <summary>All nodes, ordered by name.</summary>
    IReadOnlyList<NodeInfo> Nodes { get; }

    /// <summary>Whether any pod on a node has affinity or anti-affinity terms.</summary>
    bool HavePodsWithAffinity { get; }

    /// <summary>Returns the node with this name, or null if it does not exist.</summary>
    NodeInfo? Find(string name);
}
