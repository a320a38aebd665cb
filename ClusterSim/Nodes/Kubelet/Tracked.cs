namespace ClusterSim.Nodes;

/// <summary>
/// Runs code on the thread pool and knows how much of it is under way. As a synchronization context it also counts what continues after
/// an await; what only waits (for the clock, for a stream) is not counted. So "nothing under way" means: nothing happens before time passes.
/// Library code leaves the context (<c>ConfigureAwait(false)</c>: TLS, HttpClient, readers of text) but not the flow: where a clock depends
/// on the answer, <paramref name="followsFlow"/> counts that too, while it runs by its execution context and between by the pool's queue.
/// </summary>
internal sealed class Tracked(bool followsFlow) : SynchronizationContext
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

    // A thread that has taken work from the queue but not yet entered its flow is seen only by being busy. Others may be busy for good with
    // what is none of our business: as many as stayed so for a while are taken for residents.
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

    /// <summary>On how many threads code runs that came of tracked code, however it got there.</summary>
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
