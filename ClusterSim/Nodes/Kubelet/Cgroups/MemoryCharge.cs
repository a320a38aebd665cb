namespace ClusterSim.Nodes.Cgroups;

/// <summary>The memory that one piece of work of a process needs; all of it is given back at the end. Small amounts are charged together.</summary>
/// <param name="memory">The memory of the process.</param>
internal sealed class MemoryCharge(ProcessMemory memory) : IDisposable
{
    private const int Step = 4096;

    private long _needed;
    private long _charged;

    /// <summary>What the work needs now.</summary>
    public long Bytes => _needed;

    /// <summary>Charges memory before it is used.</summary>
    /// <exception cref="OomKilledException">It is more than the container may have.</exception>
    public void Add(long bytes)
    {
        _needed += bytes;
        if (_needed - _charged < Step)
            return;
        memory.Charge(_needed - _charged);
        _charged = _needed;
    }

    /// <summary>Gives back what was charged so far.</summary>
    public void Release()
    {
        memory.Uncharge(_charged);
        (_needed, _charged) = (0, 0);
    }

    /// <inheritdoc/>
    public void Dispose() => Release();
}
