namespace ClusterSim.Nodes;

/// <summary>
/// Runs code on the thread pool and counts how much of it is under way, continuations after an await included. Code that only waits (for the clock,
/// for a stream) is not counted: when nothing is under way, nothing happens before time passes.
/// Library code leaves the context (<c>ConfigureAwait(false)</c>: TLS, HttpClient, readers of text) but not the flow. Where a clock depends on the
/// count, <paramref name="followsFlow"/> includes such code: by its execution context while it runs, and by the pool's queue in between.
/// </summary>
internal sealed class TrackingSynchronizationContext(bool followsFlow) : SynchronizationContext
{
    private static readonly TimeSpan DoubtMax = TimeSpan.FromMilliseconds(100);

    private readonly Flow? _flow = followsFlow ? new Flow() : null;
    private int _underWay;
    private readonly Lock _doubt = new();
    private int _residents;
    private long? _doubtedSince;

    /// <summary>Whether nothing is running or about to.</summary>
    public bool IsIdle => Volatile.Read(ref _underWay) == 0 && (_flow is null || (ThreadPool.PendingWorkItemCount == 0 && _flow.IsIdle && IsPoolAtRest()));

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state)
    {
        Interlocked.Increment(ref _underWay);
        ThreadPool.UnsafeQueueUserWorkItem(static item => item.Context.Run(item.Callback, item.State), (Context: this, Callback: d, State: state), preferLocal: false);
    }

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    // A thread that has taken work from the queue but not yet entered its flow is visible only by being busy. Threads that run unrelated code may be
    // busy for good: as many as stay so for a while are taken for residents.
    private bool IsPoolAtRest()
    {
        ThreadPool.GetMaxThreads(out var all, out _);
        ThreadPool.GetAvailableThreads(out var free, out _);
        var others = Math.Max(0, all - free - (Thread.CurrentThread.IsThreadPoolThread ? 1 : 0));
        lock (_doubt)
        {
            if (others > _residents)
            {
                _doubtedSince ??= TimeProvider.System.GetTimestamp();
                if (TimeProvider.System.GetElapsedTime(_doubtedSince.Value) < DoubtMax)
                    return false;
            }
            (_residents, _doubtedSince) = (others, null);
            return true;
        }
    }

    private void Run(SendOrPostCallback callback, object? state)
    {
        var before = Current;
        SetSynchronizationContext(this);
        _flow?.Enter();
        try
        {
            callback(state);
        }
        finally
        {
            _flow?.Leave();
            SetSynchronizationContext(before);
            Interlocked.Decrement(ref _underWay);
        }
    }

    /// <summary>Counts the threads that run code which tracked code has started, however it got there.</summary>
    private sealed class Flow
    {
        private readonly AsyncLocal<bool> _inside;
        private int _threads;

        public Flow() => _inside = new(change =>
        {
            if (change.CurrentValue != change.PreviousValue)
                Interlocked.Add(ref _threads, change.CurrentValue ? 1 : -1);
        });

        public bool IsIdle => Volatile.Read(ref _threads) == 0;

        public void Enter() => _inside.Value = true;

        public void Leave() => _inside.Value = false;
    }
}
