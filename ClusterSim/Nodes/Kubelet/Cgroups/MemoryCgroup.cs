namespace ClusterSim.Nodes.Cgroups;

/// <summary>
/// What the simulated programs of a container hold in memory (the memory controller of cgroup v2): variables, arguments, buffers, lines. Content counts
/// by its bytes, a process and a name with a few more. Beyond the maximum the whole container is killed (<c>memory.oom.group</c>).
/// </summary>
/// <param name="parent">The group that holds this one; null for none.</param>
/// <param name="bytesMax"><c>memory.max</c>.</param>
internal sealed class MemoryCgroup(MemoryCgroup? parent, long bytesMax)
{
    private readonly Lock _lock = new();
    private long _bytesMax = bytesMax;
    private long _usage;
    private bool _isClosed;

    /// <summary><c>memory.max</c>. Less than the usage kills the container at the next charge.</summary>
    public long BytesMax
    {
        get => Volatile.Read(ref _bytesMax);
        set => Volatile.Write(ref _bytesMax, value);
    }

    /// <summary><c>memory.current</c>.</summary>
    public long Usage => Volatile.Read(ref _usage);

    /// <summary>Kills the container. It is called at most once, from the program that charges.</summary>
    public Action? OutOfMemory { get; set; }

    /// <summary>Charges memory before it is used.</summary>
    /// <exception cref="OomKilledException">It is more than the container, or all containers together, may have.</exception>
    public void Charge(long bytes)
    {
        if (TryCharge(bytes))
            return;
        Action? kill;
        lock (_lock)
            (kill, OutOfMemory) = (OutOfMemory, null);
        kill?.Invoke();
        throw new OomKilledException();
    }

    /// <summary>Gives back what was charged.</summary>
    public void Uncharge(long bytes)
    {
        lock (_lock)
        {
            if (_isClosed)
                return;
            _usage -= bytes;
        }
        parent?.Uncharge(bytes);
    }

    /// <summary>Gives back everything: the container has ended. A program that notices late gets no more memory.</summary>
    public void Close()
    {
        long usage;
        lock (_lock)
        {
            if (_isClosed)
                return;
            _isClosed = true;
            usage = _usage;
            _usage = 0;
        }
        parent?.Uncharge(usage);
    }

    private bool TryCharge(long bytes)
    {
        lock (_lock)
        {
            if (_isClosed || bytes > BytesMax - _usage || parent?.TryCharge(bytes) == false)
                return false;
            _usage += bytes;
            return true;
        }
    }
}
