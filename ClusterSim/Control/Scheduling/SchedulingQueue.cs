namespace ClusterSim.Scheduling;

/// <summary>
/// The pods to schedule (<c>pkg/scheduler/backend/queue</c>): active ones by priority, then age; and unschedulable ones, which are retried after an
/// event that may help, or after five minutes. Such a pod waits out its back-off (1 s, doubling to 10 s) only while other pods are active:
/// kube-scheduler since 1.33 pops from its back-off queue when the active one is empty.
/// </summary>
internal sealed class SchedulingQueue(TimeProvider clock) : IDisposable
{
    /// <summary>A move request cycle of the past: a pod that is added with it is retried at once.</summary>
    public const long RetryAtOnce = -1;

    private static readonly TimeSpan BackOffFirst = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BackOffMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan UnschedulableMax = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _available = new(0);
    private readonly PriorityQueue<ObjectKey, (int Late, int Priority, long Number)> _active = new();
    private readonly HashSet<ObjectKey> _queued = [];
    private readonly Dictionary<ObjectKey, UnschedulablePod> _unschedulable = [];
    private long _number;
    private long _moveRequestCycle;
    private int _inFlight;
    private ITimer? _flush;

    /// <summary>Whether no pod is active and none is being scheduled.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
                return _queued.Count == 0 && _inFlight == 0;
        }
    }

    /// <summary>Adds a new or changed pod.</summary>
    public void Add(ObjectKey pod, int priority)
    {
        lock (_lock)
        {
            _unschedulable.Remove(pod);
            Enqueue(pod, priority, late: 0);
        }
    }

    /// <summary>Removes a pod that was assigned or deleted.</summary>
    public void Delete(ObjectKey pod)
    {
        lock (_lock)
            _unschedulable.Remove(pod);
    }

    /// <summary>
    /// Waits for a pod and takes it; end with <see cref="Done"/>. The move request cycle shows later whether there was an event meanwhile.
    /// </summary>
    public async ValueTask<(ObjectKey Pod, long MoveRequestCycle)> PopAsync(CancellationToken cancellation)
    {
        await _available.WaitAsync(cancellation);
        lock (_lock)
        {
            var pod = _active.Dequeue();
            _queued.Remove(pod);
            _inFlight++;
            return (pod, _moveRequestCycle);
        }
    }

    /// <summary>Ends the scheduling of a pod.</summary>
    public void Done()
    {
        lock (_lock)
            _inFlight--;
    }

    /// <summary>
    /// Adds a pod that these plugins rejected. It is retried at once if there was an event since <paramref name="moveRequestCycle"/>.
    /// </summary>
    public void AddUnschedulable(ObjectKey pod, int priority, IReadOnlySet<string> plugins, int attempts, long moveRequestCycle)
    {
        lock (_lock)
        {
            var unschedulable = new UnschedulablePod(priority, plugins, attempts, clock.GetUtcNow());
            _unschedulable[pod] = unschedulable;
            if (moveRequestCycle != _moveRequestCycle)
                Retry(pod, unschedulable);
            else
                _flush ??= clock.CreateTimer(_ => Flush(), null, UnschedulableMax, UnschedulableMax);
        }
    }

    /// <summary>Returns how often scheduling the pod has failed.</summary>
    public int Attempts(ObjectKey pod)
    {
        lock (_lock)
            return _unschedulable.TryGetValue(pod, out var unschedulable) ? unschedulable.Attempts : 0;
    }

    /// <summary>Retries the pods that one of these plugins rejected, after an event that may help them; null for all pods.</summary>
    public void MoveAllToActive(IReadOnlySet<string>? plugins)
    {
        lock (_lock)
        {
            _moveRequestCycle++;
            foreach (var (pod, unschedulable) in _unschedulable)
                if (plugins is null || unschedulable.Plugins.Overlaps(plugins))
                    Retry(pod, unschedulable);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            _flush?.Dispose();
    }

    private void Retry(ObjectKey pod, UnschedulablePod unschedulable)
    {
        // While the back-off lasts, other pods come first.
        var backOff = BackOffFirst * Math.Pow(2, Math.Min(unschedulable.Attempts - 1, 10));
        var until = unschedulable.Since + (backOff < BackOffMax ? backOff : BackOffMax);
        Enqueue(pod, unschedulable.Priority, until > clock.GetUtcNow() ? 1 : 0);
    }

    private void Enqueue(ObjectKey pod, int priority, int late)
    {
        if (!_queued.Add(pod))
            return;
        _active.Enqueue(pod, (late, -priority, _number++));
        _available.Release();
    }

    private void Flush()
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            foreach (var (pod, unschedulable) in _unschedulable)
                if (now - unschedulable.Since >= UnschedulableMax)
                    Retry(pod, unschedulable);
            if (_unschedulable.Count > 0)
                return;
            _flush?.Dispose();
            _flush = null;
        }
    }

    private sealed record UnschedulablePod(int Priority, IReadOnlySet<string> Plugins, int Attempts, DateTimeOffset Since);
}
