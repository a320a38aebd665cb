namespace ClusterSim.Client;

/// <summary>
/// client-go's work queue: a key is held once however often it is added, is never worked on twice at the same time, and comes back after a
/// delay, or after a back-off that doubles with each failure (5 ms to 1000 s, as client-go's default).
/// </summary>
internal sealed class WorkQueue<TKey>(TimeProvider clock) : IDisposable
    where TKey : notnull
{
    private static readonly TimeSpan BackOffFirst = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan BackOffMax = TimeSpan.FromSeconds(1000);

    private const int OvertakenMax = 8;

    private readonly Lock _lock = new();
    private readonly Queue<TKey> _ready = new();
    private readonly HashSet<TKey> _waiting = [];   // in _ready, or added again while being worked on
    private readonly HashSet<TKey> _working = [];
    private readonly Dictionary<TKey, int> _failures = [];
    private readonly Dictionary<TKey, (ITimer Timer, DateTimeOffset Due)> _delayed = [];
    private readonly SemaphoreSlim _available = new(0);
    private bool _closed;

    /// <summary>Whether nothing is ready and nothing is being worked on; delayed keys do not count.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
                return _waiting.Count == 0 && _working.Count == 0;
        }
    }

    /// <summary>Adds a key, unless it is waiting already.</summary>
    public void Add(TKey key)
    {
        lock (_lock)
        {
            if (_closed || !_waiting.Add(key) || _working.Contains(key))
                return;
            _ready.Enqueue(key);
        }
        _available.Release();
    }

    /// <summary>Adds a key after a while; of several delays the shortest counts.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
        {
            Add(key);
            return;
        }
        var due = clock.GetUtcNow() + delay;
        lock (_lock)
        {
            if (_closed)
                return;
            if (_delayed.TryGetValue(key, out var pending))
            {
                if (pending.Due <= due)
                    return;
                pending.Timer.Dispose();
            }
            _delayed[key] = (clock.CreateTimer(_ => Due(key, due), null, delay, Timeout.InfiniteTimeSpan), due);
        }
    }

    /// <summary>Adds a key after its back-off.</summary>
    public void AddRateLimited(TKey key)
    {
        int failures;
        lock (_lock)
        {
            failures = _failures.GetValueOrDefault(key);
            _failures[key] = failures + 1;
        }
        var delay = BackOffFirst * Math.Pow(2, Math.Min(failures, 30));
        AddAfter(key, delay < BackOffMax ? delay : BackOffMax);
    }

    /// <summary>
    /// Adds a key that another writer overtook: at once, as what is read next is never behind; after a back-off when it happens again and again.
    /// </summary>
    public void AddOvertaken(TKey key)
    {
        bool atOnce;
        lock (_lock)
        {
            atOnce = _failures.GetValueOrDefault(key) < OvertakenMax;
            if (atOnce)
                _failures[key] = _failures.GetValueOrDefault(key) + 1;
        }
        if (atOnce)
            Add(key);
        else
            AddRateLimited(key);
    }

    /// <summary>The key succeeded: its next failure starts the back-off anew.</summary>
    public void Forget(TKey key)
    {
        lock (_lock)
            _failures.Remove(key);
    }

    /// <summary>Waits for a key to work on; give it back with <see cref="Done"/>.</summary>
    public async ValueTask<TKey> TakeAsync(CancellationToken cancellation)
    {
        await _available.WaitAsync(cancellation);
        lock (_lock)
        {
            var key = _ready.Dequeue();
            _waiting.Remove(key);
            _working.Add(key);
            return key;
        }
    }

    /// <summary>The key was worked on; it is ready again if it was added meanwhile.</summary>
    public void Done(TKey key)
    {
        lock (_lock)
        {
            _working.Remove(key);
            if (!_waiting.Contains(key))
                return;
            _ready.Enqueue(key);
        }
        _available.Release();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            foreach (var (timer, _) in _delayed.Values)
                timer.Dispose();
            _delayed.Clear();
        }
    }

    private void Due(TKey key, DateTimeOffset due)
    {
        lock (_lock)
        {
            if (_delayed.TryGetValue(key, out var pending) && pending.Due == due)
            {
                pending.Timer.Dispose();
                _delayed.Remove(key);
            }
        }
        Add(key);
    }
}
