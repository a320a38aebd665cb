namespace ClusterSim.Network;

/// <summary>Counts the network operations that are under way, so that a manual clock knows when the network is idle.</summary>
internal sealed class NetworkActivity
{
    private int _underWay;

    /// <summary>Whether nothing is under way that would end without the clock.</summary>
    public bool IsIdle => Volatile.Read(ref _underWay) == 0;

    /// <summary>Counts an operation until the result is disposed.</summary>
    public Operation Begin()
    {
        Interlocked.Increment(ref _underWay);
        return new Operation(this);
    }

    /// <summary>Waits, inside an operation, for something that only time or the caller's cancellation ends: meanwhile the operation does not count.</summary>
    public async Task StallAsync(Task wait)
    {
        if (wait.IsCompletedSuccessfully)
            return;
        Interlocked.Decrement(ref _underWay);
        try
        {
            await wait;
        }
        finally
        {
            Interlocked.Increment(ref _underWay);
        }
    }

    /// <summary>An operation that is under way.</summary>
    internal readonly struct Operation(NetworkActivity activity) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => Interlocked.Decrement(ref activity._underWay);
    }
}
