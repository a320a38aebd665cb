namespace Tests.Unit.ClusterSim.Nodes;

/// <summary>A clock that stands still until it is advanced, timer by timer, each only when all is idle.</summary>
internal sealed class ManualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<ManualTimer, (DateTimeOffset Due, long Order)> _timers = new();
    private DateTimeOffset _now = start;
    private long _order;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    public override long GetTimestamp() => GetUtcNow().Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public void Advance(TimeSpan span, Func<bool> isIdle)
    {
        var end = GetUtcNow() + span;
        while (true)
        {
            WaitUntil(isIdle);
            ManualTimer? due;
            lock (_lock)
            {
                if (!_timers.TryPeek(out due, out var at) || at.Due > end)
                {
                    _now = end;
                    return;
                }
                _timers.Dequeue();
                if (due.Due != at.Due)
                    continue;
                if (at.Due > _now)
                    _now = at.Due;
            }
            due.Fire();
        }
    }

    private static void WaitUntil(Func<bool> isIdle)
    {
        for (var idle = 0; idle < 3;)
        {
            idle = isIdle() ? idle + 1 : 0;
            Thread.Yield();
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;

        public DateTimeOffset? Due { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                _period = period;
                Due = dueTime == Timeout.InfiniteTimeSpan ? null : clock._now + dueTime;
                if (Due is { } due)
                    clock._timers.Enqueue(this, (due, clock._order++));
            }
            return true;
        }

        public void Fire()
        {
            lock (clock._lock)
            {
                Due = _period > TimeSpan.Zero ? clock._now + _period : null;
                if (Due is { } due)
                    clock._timers.Enqueue(this, (due, clock._order++));
            }
            callback(state);
        }

        public void Dispose() => Due = null;

        public ValueTask DisposeAsync()
        {
            Due = null;
            return ValueTask.CompletedTask;
        }
    }
}
