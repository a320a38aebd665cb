namespace ClusterSim.Nodes.Cgroups;

/// <summary>What one process holds in memory. All of it is given back when the process ends, however it ends.</summary>
/// <param name="cgroup">The container's; null where memory is not counted.</param>
internal sealed class ProcessMemory(MemoryCgroup? cgroup) : IDisposable
{
    private long _bytes;
    private bool _isDisposed;

    /// <summary>The container's memory; null where memory is not counted.</summary>
    public MemoryCgroup? Cgroup { get; } = cgroup;

    /// <summary>Charges memory before it is used.</summary>
    /// <exception cref="OomKilledException">It is more than the container may have.</exception>
    public void Charge(long bytes)
    {
        if (Cgroup is null || bytes == 0)
            return;
        Cgroup.Charge(bytes);
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>Gives back what was charged.</summary>
    public void Uncharge(long bytes)
    {
        if (Cgroup is null || bytes == 0 || _isDisposed)
            return;
        Interlocked.Add(ref _bytes, -bytes);
        Cgroup.Uncharge(bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _isDisposed = true;
        Cgroup?.Uncharge(Interlocked.Exchange(ref _bytes, 0));
    }
}
