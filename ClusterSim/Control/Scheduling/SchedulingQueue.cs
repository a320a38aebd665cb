namespace ClusterSim.Scheduling;

/// <summary>
/// Pods to be placed: the ready ones by priority, then age; and those that no node took, which come back when something happened that may
/// help, or after five minutes. Such a pod waits out its back-off (1 s, doubling to 10 s) only while others are ready, as kube-scheduler
/// since 1.33 pops from its back-off queue when it has nothing else to do.
/// </summary>
internal sealed class SchedulingQueue(TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan BackOffFirst = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BackOffMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan UnschedulableMax = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _available = new(0);
    private readonly PriorityQueue<ObjectKey, (int Late, int Priority, long Number)> _ready = new();
    private readonly HashSet<ObjectKey> _waiting = [];
    private readonly Dictionary<ObjectKey, Refused> _refused = [];
    private long _number;
    private long _moves;
    private int _working;
    private ITimer? _flush;

    /// <summary>Whether nothing is ready and nothing is being placed.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
                return _waiting.Count == 0 && _working == 0;
        }
    }

    /// <summary>Adds a pod that was not tried, or has changed.</summary>
    public void Add(ObjectKey pod, int priority)
    {
        lock (_lock)
        {
            _refused.Remove(pod);
            Enqueue(pod, priority, late: 0);
        }
    }

    /// <summary>Forgets a pod: it is bound or gone.</summary>
    public void Forget(ObjectKey pod)
    {
        lock (_lock)
            _refused.Remove(pod);
    }

    /// <summary>Waits for a pod; give it back with <see cref="Done"/>. <c>Moves</c> tells later whether something happened meanwhile.</summary>
    public async ValueTask<(ObjectKey Pod, long Moves)> TakeAsync(CancellationToken cancellation)
    {
        await _available.WaitAsync(cancellation);
        lock (_lock)
        {
            var pod = _ready.Dequeue();
            _waiting.Remove(pod);
            _working++;
            return (pod, _moves);
        }
    }

    /// <summary>The pod was dealt with.</summary>
    public void Done()
    {
        lock (_lock)
            _working--;
    }

    /// <summary>No node took the pod; these filters said so. Where something happened since <paramref name="moves"/> it is tried again.</summary>
    public void AddRefused(ObjectKey pod, int priority, IReadOnlySet<string> plugins, int attempts, long moves)
    {
        lock (_lock)
        {
            var refused = new Refused(priority, plugins, attempts, clock.GetUtcNow());
            _refused[pod] = refused;
            if (moves != _moves)
                Retry(pod, refused);
            else
                _flush ??= clock.CreateTimer(_ => Flush(), null, UnschedulableMax, UnschedulableMax);
        }
    }

    /// <summary>How often the pod was tried in vain.</summary>
    public int Attempts(ObjectKey pod)
    {
        lock (_lock)
            return _refused.TryGetValue(pod, out var refused) ? refused.Attempts : 0;
    }

    /// <summary>Something happened that may help pods refused by one of these filters; null for any.</summary>
    public void Move(IReadOnlySet<string>? plugins)
    {
        lock (_lock)
        {
            _moves++;
            foreach (var (pod, refused) in _refused)
                if (plugins is null || refused.Plugins.Overlaps(plugins))
                    Retry(pod, refused);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
            _flush?.Dispose();
    }

    private void Retry(ObjectKey pod, Refused refused)
    {
        // Others first, while this one would still have to wait.
        var backOff = BackOffFirst * Math.Pow(2, Math.Min(refused.Attempts - 1, 10));
        var until = refused.Since + (backOff < BackOffMax ? backOff : BackOffMax);
        Enqueue(pod, refused.Priority, until > clock.GetUtcNow() ? 1 : 0);
    }

    private void Enqueue(ObjectKey pod, int priority, int late)
    {
        if (!_waiting.Add(pod))
            return;
        _ready.Enqueue(pod, (late, -priority, _number++));
        _available.Release();
    }

    private void Flush()
    {
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            foreach (var (pod, refused) in _refused)
                if (now - refused.Since >= UnschedulableMax)
                    Retry(pod, refused);
            if (_refused.Count > 0)
                return;
            _flush?.Dispose();
            _flush = null;
        }
    }

    private sealed record Refused(int Priority, IReadOnlySet<string> Plugins, int Attempts, DateTimeOffset Since);
}
