namespace ClusterSim.Nodes.Containers;

/// <summary>The memory of all logs of a cluster. A log that is larger than its share drops its oldest lines when there is no more.</summary>
/// <param name="bytesMax">What all logs may hold together.</param>
internal sealed class LogBudget(long bytesMax)
{
    private long _bytes;
    private int _logs;

    /// <summary>Adds a log, when it gets its first line.</summary>
    public void Join() => Interlocked.Increment(ref _logs);

    /// <summary>Counts lines that were added or, by a negative number, dropped.</summary>
    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    /// <summary>Whether a log of so many bytes must drop lines.</summary>
    public bool IsTooLarge(long bytes) => Volatile.Read(ref _bytes) > bytesMax && bytes > bytesMax / Math.Max(1, Volatile.Read(ref _logs));

    /// <summary>Removes a log with its lines.</summary>
    public void Leave(long bytes)
    {
        Add(-bytes);
        Interlocked.Decrement(ref _logs);
    }
}
