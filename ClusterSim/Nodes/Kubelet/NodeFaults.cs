using ClusterSim.Storage;

namespace ClusterSim.Nodes;

/// <summary>What goes wrong on nodes on purpose, asked for by the Faults room.</summary>
internal sealed class NodeFaults
{
    /// <summary>How long a container's start is held up; null: nothing is. Asked once for each start.</summary>
    public Func<Document, string, TimeSpan>? StartDelay { get; set; }

    /// <summary>By how much a pod's clocks are off; null: none is. Asked whenever a process of it looks at its clock.</summary>
    public Func<Document, TimeSpan>? ClockSkew { get; set; }

    /// <summary>The clock that a pod's process gets.</summary>
    public TimeProvider ClockOf(Document pod, TimeProvider real) => new SkewedClock(real, () => ClockSkew?.Invoke(pod) ?? TimeSpan.Zero);
}
