namespace ClusterSim.Nodes.Pods;

/// <summary>
/// Runs the syncs of one pod one at a time, as the kubelet's pod workers do. What is enqueued during a sync causes one more sync after it.
/// Between syncs the queue is memory only: it holds no thread, and a timer only once something was enqueued for later.
/// </summary>
internal sealed class PodWorkQueue(NodeContext node, Action sync)
{
    private const int Idle = 0;
    private const int Syncing = 1;
    private const int Enqueued = 2;

    // workerBackOffPeriodJitterFactor and workerResyncIntervalJitterFactor of the kubelet.
    private const double JitterFactor = 0.5;

    // The kubelet's period of the pod lifecycle event generator.
    private static readonly TimeSpan RelistPeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BackOffPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ResyncInterval = TimeSpan.FromMinutes(1);

    private ITimer? _timer;
    private DateTimeOffset _due = DateTimeOffset.MaxValue;
    private int _state;
    private volatile bool _isStopped;

    /// <summary>Whether no sync starts any more.</summary>
    public bool IsStopped => _isStopped;

    /// <summary>Enqueues a sync.</summary>
    public void Enqueue()
    {
        if (Interlocked.Exchange(ref _state, Enqueued) == Idle)
            node.Dispatcher.Post(static queue => ((PodWorkQueue)queue!).Run(), this);
    }

    /// <summary>Enqueues a sync for a time; only the earliest of such times counts, and any sync clears it. Called during a sync.</summary>
    public void EnqueueAt(DateTimeOffset time)
    {
        if (time >= _due || _isStopped)
            return;
        _due = time;
        var delay = time - node.Clock.GetUtcNow();
        if (delay < TimeSpan.Zero)
            delay = TimeSpan.Zero;
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            _timer ??= node.Clock.CreateTimer(static queue => ((PodWorkQueue)queue!).Enqueue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Enqueues a sync after a delay.</summary>
    public void EnqueueAfter(TimeSpan delay) => EnqueueAt(node.Clock.GetUtcNow() + delay);

    /// <summary>Enqueues a sync for when the kubelet next lists its containers.</summary>
    public void EnqueueAfterRelist() => EnqueueAfter(RelistPeriod);

    /// <summary>Enqueues the sync that follows one with an error.</summary>
    public void EnqueueAfterBackOff() => EnqueueAfter(WithJitter(BackOffPeriod));

    /// <summary>Enqueues the sync that follows one without an error.</summary>
    public void EnqueueAfterResyncInterval() => EnqueueAfter(WithJitter(ResyncInterval));

    /// <summary>Starts no sync any more.</summary>
    public void Stop()
    {
        _isStopped = true;
        _timer?.Dispose();
    }

    private TimeSpan WithJitter(TimeSpan period) => period * (1 + (node.Shared.Random.NextDouble() * JitterFactor));

    private void Run()
    {
        do
        {
            Volatile.Write(ref _state, Syncing);
            if (_isStopped)
            {
                Volatile.Write(ref _state, Idle);
                return;
            }
            _due = DateTimeOffset.MaxValue;
            sync();
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Syncing) != Syncing);
    }
}
