namespace ClusterSim.Nodes;

/// <summary>
/// Runs code on the thread pool and knows how much of it is under way. As a synchronization context it also counts what continues after
/// an await; what only waits (for the clock, for a stream) is not counted. So "nothing under way" means: nothing happens before time passes.
/// </summary>
internal sealed class Tracked : SynchronizationContext
{
    private int _underWay;

    /// <summary>Whether nothing is running or about to.</summary>
    public bool IsIdle => Volatile.Read(ref _underWay) == 0;

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state)
    {
        Interlocked.Increment(ref _underWay);
        ThreadPool.UnsafeQueueUserWorkItem(static item => item.Context.Run(item.Callback, item.State), (Context: this, Callback: d, State: state), preferLocal: false);
    }

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    private void Run(SendOrPostCallback callback, object? state)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            callback(state);
        }
        finally
        {
            SetSynchronizationContext(before);
            Interlocked.Decrement(ref _underWay);
        }
    }
}
