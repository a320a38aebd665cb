using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;

namespace ClusterSim.Nodes.Simulated;

/// <summary>Collects what is written, and charges it.</summary>
/// <param name="charge">What is charged.</param>
internal sealed class ChargedStream(MemoryCharge charge) : WriteOnlyStream
{
    private readonly MemoryStream _bytes = new();

    /// <summary>What was written so far.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.GetBuffer().AsMemory(0, (int)_bytes.Length);

    /// <inheritdoc/>
    /// <exception cref="OomKilledException">It is more than the container may hold.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        charge.Add(buffer.Length);
        _bytes.Write(buffer);
    }
}
