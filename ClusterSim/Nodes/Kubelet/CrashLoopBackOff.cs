namespace ClusterSim.Nodes;

/// <summary>
/// <c>flowcontrol.Backoff</c> for one key: the first failure is free, the waits after it double from <paramref name="first"/> to
/// <paramref name="max"/>, and all is forgiven after twice the maximum without a failure.
/// </summary>
internal sealed class CrashLoopBackOff(TimeProvider clock, TimeSpan first, TimeSpan max)
{
    private DateTimeOffset _updated;

    /// <summary>Kubernetes' numbers, for container restarts and image pulls alike.</summary>
    public CrashLoopBackOff(TimeProvider clock)
        : this(clock, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(300))
    {
    }

    /// <summary>The wait in force; zero before the first failure.</summary>
    public TimeSpan Current { get; private set; }

    /// <summary>How long is left to wait after a failure at <paramref name="failed"/>; zero or less: try now.</summary>
    public TimeSpan Left(DateTimeOffset failed)
    {
        if (Current == TimeSpan.Zero || failed - _updated > max * 2)
            return TimeSpan.Zero;
        return failed + Current - clock.GetUtcNow();
    }

    /// <summary>Another try is made after a failure at <paramref name="failed"/>: the next wait is longer.</summary>
    public void Next(DateTimeOffset failed)
    {
        if (Current == TimeSpan.Zero || failed - _updated > max * 2)
            Current = first;
        else
            Current = Current * 2 < max ? Current * 2 : max;
        _updated = clock.GetUtcNow();
    }
}
