using System.Globalization;
using ClusterSim.Faults.Schedules;

namespace Harness.Chaos;

/// <summary>What happened in a run, in order.</summary>
public sealed class ChaosTimeline(TimeProvider clock)
{
    // A partition that thousands of pieces meet is told of a few hundred times; the rest is counted.
    private const int LinesMax = 400;

    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly long _began = clock.GetTimestamp();
    private int _untold;

    /// <summary>The lines so far.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
                return _untold == 0 ? [.. _lines] : [.. _lines, $"          … and {_untold} more"];
        }
    }

    /// <summary>Adds a line, which says what happens now.</summary>
    public void Record(string what)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{clock.GetElapsedTime(_began).TotalMilliseconds,7:0} ms  {what}");
        lock (_lock)
        {
            if (_lines.Count < LinesMax || what.StartsWith("check", StringComparison.Ordinal))
                _lines.Add(line);
            else
                _untold++;
        }
    }
}

/// <summary>What became of a run.</summary>
/// <param name="Plan">What it was given.</param>
/// <param name="Failures">What does not hold; nothing: all does.</param>
/// <param name="Timeline">What happened.</param>
/// <param name="Took">How long it took, the checks included.</param>
public sealed record ChaosVerdict(ChaosPlan Plan, IReadOnlyList<string> Failures, IReadOnlyList<string> Timeline, TimeSpan Took)
{
    /// <summary>Whether the system itself came to grief, so that nothing more can be told by it.</summary>
    public bool IsSystemLost { get; init; }

    /// <summary>Whether all holds.</summary>
    public bool Passed => Failures.Count == 0;

    /// <summary>In one line.</summary>
    public override string ToString()
    {
        var faults = string.Join(' ', Plan.Faults.Select(fault => FaultScheduleYaml.NameOf(fault.Kind)).DefaultIfEmpty("none"));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"seed {Plan.Seed}: {(Passed ? "ok    " : "FAILED")} {Took.TotalSeconds,5:0.00} s  {Plan.Load}; faults: {faults}{(Passed ? "" : $"; {Failures[0]}")}");
    }
}
