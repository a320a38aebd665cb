using ClusterSim.Storage;

namespace ClusterSim.Controllers.DaemonSets;

/// <summary>
/// How long a daemon pod that failed is left lying: the first on a node not at all, one that follows within 1 s until that is over, and twice as
/// long each time after, up to 15 min (<c>failedPodsBackoff</c>). So a node that refuses every pod is not asked in a hot loop.
/// </summary>
internal sealed class FailedDaemonPods
{
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Max = TimeSpan.FromMinutes(15);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Set, string Node), (TimeSpan Delay, DateTimeOffset Since)> _delays = [];

    /// <summary>How long to wait before a failed pod of the set on the node is replaced; null for now, which begins the next, longer wait.</summary>
    public TimeSpan? Left(Document set, string node, DateTimeOffset now)
    {
        lock (_lock)
        {
            var delay = First;
            if (_delays.TryGetValue((set.Uid, node), out var last) && now - last.Since <= 2 * Max)
            {
                if (last.Since + last.Delay - now is { } left && left > TimeSpan.Zero)
                    return left;
                delay = last.Delay * 2 < Max ? last.Delay * 2 : Max;
            }
            foreach (var old in _delays.Where(one => now - one.Value.Since > 2 * Max).Select(one => one.Key).ToList())
                _delays.Remove(old);
            _delays[(set.Uid, node)] = (delay, now);
            return null;
        }
    }
}
