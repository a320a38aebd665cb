using System.Globalization;

namespace ClusterSim.Registry;

/// <summary>
/// Names of Events: the object's, and the time in nanoseconds in hexadecimal, as client-go's recorder makes them. So their order is that of
/// time, and lists and <c>kubectl describe</c> show them in it. Each time is given out once in a cluster.
/// </summary>
internal sealed class EventNames(TimeProvider clock)
{
    private const long NanosecondsATick = 100;

    private long _last;

    /// <summary>The next name of an event about an object.</summary>
    /// <param name="about">The object's name.</param>
    public string Next(string about)
    {
        var now = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * NanosecondsATick;
        while (true)
        {
            var last = Interlocked.Read(ref _last);
            var next = Math.Max(now, last + 1);
            if (Interlocked.CompareExchange(ref _last, next, last) == last)
                return $"{about}.{next.ToString("x16", CultureInfo.InvariantCulture)}";
        }
    }
}
