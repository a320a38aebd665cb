using ClusterSim.Network.Policies;
using ClusterSim.Network.Streams;

namespace ClusterSim.Faults.Wire;

/// <summary>Directions of a connection.</summary>
[Flags]
internal enum Ways
{
    /// <summary>Neither.</summary>
    None = 0,

    /// <summary>From the end that dialled.</summary>
    Up = 1,

    /// <summary>To the end that dialled.</summary>
    Down = 2,
}

/// <summary>Something wrong between two sets of pods.</summary>
internal abstract class WireFault(PodSet from, PodSet to)
{
    /// <summary>The directions of a connection in which bytes travel from the one set to the other.</summary>
    public Ways Travels(WireHop hop)
    {
        if (hop.From.Pod is not { } dialled || hop.To.Pod is not { } accepted)
            return Ways.None;
        return (from.Holds(dialled) && to.Holds(accepted) ? Ways.Up : Ways.None) | (from.Holds(accepted) && to.Holds(dialled) ? Ways.Down : Ways.None);
    }

    /// <summary>Whether the one set asks and the other answers.</summary>
    public bool Asks(WireHop hop) => Travels(hop).HasFlag(Ways.Up);
}

/// <summary>Bytes from the one to the other wait until it is over, or their connection is.</summary>
internal sealed class Partition(PodSet from, PodSet to) : WireFault(from, to);

/// <summary>Bytes from the one to the other arrive later.</summary>
internal sealed class Delay(PodSet from, PodSet to, TimeSpan by, TimeSpan jitter, int seed) : WireFault(from, to)
{
    private readonly Randomness _dice = new(seed);

    /// <summary>How much later the next piece arrives.</summary>
    public TimeSpan Next() => by + (jitter * _dice.NextDouble());
}

/// <summary>Bytes from the one to the other arrive at that rate at most.</summary>
internal sealed class Trickle(PodSet from, PodSet to, int bytesPerSecond) : WireFault(from, to)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);

    /// <summary>How many bytes arrive at once, and how long that takes.</summary>
    public (int Bytes, TimeSpan Takes) Next()
    {
        var bytes = Math.Max(1, (int)(bytesPerSecond * Beat.TotalSeconds));
        return (bytes, TimeSpan.FromSeconds((double)bytes / bytesPerSecond));
    }
}

/// <summary>The answer's first bytes come through, then the connection is reset. No bytes: the answer is dropped after the request was carried out.</summary>
internal sealed class Reset(PodSet from, PodSet to, int afterBytes, Dose dose) : WireFault(from, to)
{
    private readonly Dose.Taken _dose = new(dose);

    /// <summary>How many bytes come through.</summary>
    public int AfterBytes => afterBytes;

    /// <summary>Whether the answer that begins now is struck.</summary>
    public bool Strikes() => _dose.Strikes();
}

/// <summary>Another answer than the other end's, over HTTP/1.1.</summary>
internal sealed class Answer(PodSet from, PodSet to, HttpAnswer answer, Dose dose) : WireFault(from, to)
{
    private readonly Dose.Taken _dose = new(dose);
    private readonly byte[]? _holding = answer.ToRequestsHolding is { } text ? System.Text.Encoding.UTF8.GetBytes(text) : null;

    /// <summary>The answer.</summary>
    public HttpAnswer Given => answer;

    /// <summary>Whether this request is answered so.</summary>
    public bool Strikes(ReadOnlySpan<byte> request) => (_holding is null || request.IndexOf(_holding) >= 0) && _dose.Strikes();
}
