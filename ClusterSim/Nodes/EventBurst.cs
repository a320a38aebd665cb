namespace ClusterSim.Nodes;

/// <summary>
/// client-go's spam filter for events: about one object, 25 of a reason at once, then one in five minutes. (A pod that has failed its
/// probe every second for an hour has 36 such events counted, not 3,600.)
/// </summary>
internal sealed class EventBurst(TimeProvider clock)
{
    private const double Burst = 25;
    private const double PerSecond = 1.0 / 300;

    private readonly Dictionary<(string Reason, string FieldPath), (double Left, DateTimeOffset At)> _tokens = [];

    /// <summary>Whether another may be told.</summary>
    public bool Allows(string reason, string fieldPath)
    {
        lock (_tokens)
        {
            var now = clock.GetUtcNow();
            var left = _tokens.TryGetValue((reason, fieldPath), out var bucket)
                ? Math.Min(Burst, bucket.Left + ((now - bucket.At).TotalSeconds * PerSecond))
                : Burst;
            _tokens[(reason, fieldPath)] = (left >= 1 ? left - 1 : left, now);
            return left >= 1;
        }
    }
}
