namespace ClusterSim.Machinery;

/// <summary>
/// Knows whether anything is under way: a manual clock advances only when every part is idle. Parts register once and say when asked.
/// </summary>
internal sealed class Quiescence
{
    private readonly Lock _lock = new();
    private readonly List<Func<bool>> _parts = [];
    private Func<long> _writes = static () => 0;

    /// <summary>Registers a part by its "am I idle?".</summary>
    public void Register(Func<bool> isIdle)
    {
        lock (_lock)
            _parts.Add(isIdle);
    }

    /// <summary>Names the counter of writes that all parts see: work may pass from a part that was asked late to one that was asked early, but not without a write.</summary>
    public void ObserveWrites(Func<long> counter) => _writes = counter;

    /// <summary>
    /// Whether nothing is under way: every part was idle twice over, and nothing was written meanwhile. What was written before the first round
    /// had reached its readers by its end, so the second round sees the work that came of it.
    /// </summary>
    public bool IsSettled
    {
        get
        {
            var before = _writes();
            return IsIdle && IsIdle && _writes() == before;
        }
    }

    /// <summary>What is under way now, by the types of the parts; for those who wait in vain.</summary>
    public IReadOnlyList<string> Busy
    {
        get
        {
            lock (_lock)
                return [.. _parts.Where(isIdle => !isIdle()).Select(isIdle => isIdle.Target?.GetType().FullName ?? isIdle.Method.Name)];
        }
    }

    /// <summary>Whether every part is idle when asked, one after the other.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
                return _parts.TrueForAll(isIdle => isIdle());
        }
    }
}
