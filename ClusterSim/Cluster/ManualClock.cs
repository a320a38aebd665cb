namespace ClusterSim;

/// <summary>
/// A clock that stands still until it is told to go on: a day passes in as long as its events take. It steps from one due timer to the next,
/// and only when the cluster it is attached to has nothing under way. For clusters of simulated images: real services live in real time.
/// </summary>
public sealed class ManualClock(DateTimeOffset start) : TimeProvider
{
    // How long one step may take in real time before something is thought to hang.
    private static readonly TimeSpan SettleMax = TimeSpan.FromSeconds(30);

    private const int SpinsMax = 2000;

    private readonly Lock _lock = new();
    private readonly PriorityQueue<(Timer Timer, long Version), (DateTimeOffset Due, long Number)> _due = new();
    private Quiescence[] _attached = [];
    private DateTimeOffset _now = start;
    private long _number;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Lets time pass; every timer that falls due on the way is run at its time, after all that went before has settled.</summary>
    /// <exception cref="TimeoutException">The cluster did not come to rest within 30 s of real time.</exception>
    public async Task AdvanceAsync(TimeSpan by, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        await SettleAsync(cancellation);
        var until = GetUtcNow() + by;
        while (TakeDue(until) is { } timer)
        {
            timer.Run();
            await SettleAsync(cancellation);
        }
        lock (_lock)
            _now = until;
        await SettleAsync(cancellation);
    }

    /// <summary>Waits, in real time, until nothing is under way.</summary>
    public async Task SettleAsync(CancellationToken cancellation = default)
    {
        var began = System.GetTimestamp();
        for (var looks = 0; !IsIdle(); looks++)
        {
            // Most steps are over in microseconds, and a timer's wait is a millisecond or more. Work that is queued runs before the next look: many
            // clusters of one process may wait at once, and would otherwise keep each other from what they wait for.
            if (looks < SpinsMax)
            {
                await Task.Yield();
                continue;
            }
            if (System.GetElapsedTime(began) > SettleMax)
                throw new TimeoutException($"The cluster did not come to rest within {SettleMax.TotalSeconds:0} s; the manual clock stands at {GetUtcNow():u}. Under way: {string.Join(", ", Busy())}.");
            await Task.Delay(TimeSpan.FromMilliseconds(1), System, cancellation);
        }
    }

    internal void Attach(Quiescence quiescence)
    {
        lock (_lock)
            _attached = [.. _attached, quiescence];
    }

    // Asked outside the lock: parts take locks of their own to answer, and set timers while they hold them.
    private bool IsIdle() => Array.TrueForAll(_attached, one => one.IsSettled);

    private List<string> Busy() => [.. _attached.SelectMany(one => one.Busy)];

    private Timer? TakeDue(DateTimeOffset until)
    {
        lock (_lock)
        {
            while (_due.TryPeek(out var entry, out var when))
            {
                if (entry.Version != entry.Timer.Version)
                {
                    _due.Dequeue();
                    continue;
                }
                if (when.Due > until)
                    return null;
                _due.Dequeue();
                if (when.Due > _now)
                    _now = when.Due;
                entry.Timer.Again(_now);
                return entry.Timer;
            }
            return null;
        }
    }

    private sealed class Timer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period = Timeout.InfiniteTimeSpan;
        private bool _disposed;

        public long Version { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                if (_disposed)
                    return false;
                Version++;
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                    clock._due.Enqueue((this, Version), (clock._now + (dueTime < TimeSpan.Zero ? TimeSpan.Zero : dueTime), clock._number++));
                return true;
            }
        }

        public void Again(DateTimeOffset now)
        {
            if (_period > TimeSpan.Zero)
                clock._due.Enqueue((this, Version), (now + _period, clock._number++));
        }

        public void Run() => callback(state);

        public void Dispose()
        {
            lock (clock._lock)
            {
                _disposed = true;
                Version++;
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
