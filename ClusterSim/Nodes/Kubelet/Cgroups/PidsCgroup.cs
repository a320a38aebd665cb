namespace ClusterSim.Nodes.Cgroups;

/// <summary>How many processes a pod has (the pids controller of cgroup v2; the kubelet's <c>podPidsLimit</c>).</summary>
/// <param name="max"><c>pids.max</c>.</param>
internal sealed class PidsCgroup(int max)
{
    private int _current;

    /// <summary><c>pids.max</c>.</summary>
    public int Max { get; } = max;

    /// <summary><c>pids.current</c>.</summary>
    public int Current => Volatile.Read(ref _current);

    /// <summary>Counts one more process.</summary>
    /// <returns>Whether the pod may have it; else <c>fork</c> fails with EAGAIN.</returns>
    public bool TryFork()
    {
        if (Interlocked.Increment(ref _current) <= Max)
            return true;
        Interlocked.Decrement(ref _current);
        return false;
    }

    /// <summary>Counts a process that has ended no more.</summary>
    public void Exit() => Interlocked.Decrement(ref _current);
}
