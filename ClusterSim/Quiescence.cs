namespace ClusterSim;

/// <summary>
/// Knows whether anything is under way: a manual clock advances only when every part is idle. Parts register once and say when asked.
/// </summary>
internal sealed class Quiescence
{
    private readonly Lock _lock = new();
    private readonly List<Func<bool>> _parts = [];

    /// <summary>Registers a part by its "am I idle?".</summary>
    public void Register(Func<bool> isIdle)
    {
        lock (_lock)
            _parts.Add(isIdle);
    }

    /// <summary>Whether every part is idle at this instant.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
                return _parts.TrueForAll(isIdle => isIdle());
        }
    }
}
