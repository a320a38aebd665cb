namespace ClusterSim.Nodes.Files;

/// <summary>
/// The disk space that programs use below a folder: a pod's, a container's, a volume's. Growth is counted as it is written; what was removed meanwhile
/// is noticed when the count reaches a bound and the folder is measured again. Real programs write without being counted until then.
/// </summary>
/// <param name="parent">The quota that holds this one; null for none.</param>
/// <param name="measure">Measures what is used.</param>
internal sealed class DiskQuota(DiskQuota? parent, Func<long> measure)
{
    /// <summary>How far beyond a limit that evicts the pod programs may write before that happens.</summary>
    public const long Slack = 16 * 1024 * 1024;

    private readonly Lock _lock = new();
    private long _used;
    private bool _isMeasured;
    private bool _isFull;
    private bool _isReported;

    /// <summary>Beyond it there is no space left.</summary>
    public required long BytesMax { get; init; }

    /// <summary>Beyond it <see cref="Exceeded"/> is called; null for none.</summary>
    public long? Limit { get; init; }

    /// <summary>What must be left free on this machine; null where that is not this quota's to check.</summary>
    public FreeSpace? Free { get; init; }

    /// <summary>Called when more than <see cref="Limit"/> may be used.</summary>
    public Action? Exceeded { get; init; }

    /// <summary>Counts space before it is used.</summary>
    /// <exception cref="FileSystemException">There is no space left.</exception>
    public void Reserve(long bytes)
    {
        if (bytes <= 0)
            return;
        Free?.Require(bytes);
        if (!TryCount(bytes))
            throw new FileSystemException(Errno.NoSpace);
        parent?.Reserve(bytes);
        Report();
    }

    /// <summary>Counts space that is used already, such as that of logs.</summary>
    public void Count(long bytes)
    {
        lock (_lock)
            _used += bytes;
        parent?.Count(bytes);
        Report();
    }

    /// <summary>Something was removed: if there was no space, there may be some now.</summary>
    public void NoteRemoval()
    {
        lock (_lock)
            _isFull = false;
        parent?.NoteRemoval();
    }

    /// <summary>Measures what is used now.</summary>
    public long Measure()
    {
        var used = measure();
        lock (_lock)
        {
            (_used, _isMeasured, _isReported) = (used, true, false);
            return used;
        }
    }

    private bool TryCount(long bytes)
    {
        lock (_lock)
        {
            if (_isMeasured && bytes <= BytesMax - _used)
            {
                _used += bytes;
                return true;
            }
            if (_isFull)
                return false;
        }
        var used = measure();
        lock (_lock)
        {
            (_used, _isMeasured, _isFull) = (used, true, bytes > BytesMax - used);
            if (!_isFull)
                _used += bytes;
            return !_isFull;
        }
    }

    private void Report()
    {
        lock (_lock)
        {
            if (_isReported || Exceeded is null || !(_used > Limit))
                return;
            _isReported = true;
        }
        Exceeded();
    }
}
