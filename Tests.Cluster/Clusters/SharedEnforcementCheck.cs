namespace Tests.Cluster.Clusters;

/// <summary><see cref="PolicyEnforcement"/> of a cluster that several fixtures share: checked by the first that asks.</summary>
internal sealed class SharedEnforcementCheck
{
    private readonly Lock _lock = new();
    private Task? _check;

    /// <summary>Waits for the check; fails as it did.</summary>
    public Task AwaitAsync(ICluster cluster)
    {
        lock (_lock)
            return _check ??= PolicyEnforcement.AwaitAsync(cluster);
    }
}
