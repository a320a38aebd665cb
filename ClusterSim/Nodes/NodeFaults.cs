using ClusterSim.Storage;

namespace ClusterSim.Nodes;

/// <summary>What goes wrong on nodes on purpose, asked for by the Faults room.</summary>
internal sealed class NodeFaults
{
    /// <summary>How long a container's start is held up; null: nothing is. Asked once for each start.</summary>
    public Func<Document, string, TimeSpan>? StartDelay { get; set; }
}
