using ClusterSim.Faults.Schedules;

namespace Harness.Chaos;

/// <summary>What a run is given.</summary>
public sealed record ChaosRunContext
{
    /// <summary>The system.</summary>
    public required IChaosSystem System { get; init; }

    /// <summary>The load.</summary>
    public required ChaosLoad Load { get; init; }

    /// <summary>The faults of the schedule, for checks that depend on them.</summary>
    public required IReadOnlyList<ScheduledFault> Faults { get; init; }

    /// <summary>The seed of the schedule.</summary>
    public required int Seed { get; init; }

    /// <summary>The number of the run, which no other run of this system has.</summary>
    public required long Run { get; init; }

    /// <summary>The clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Adds a line to the timeline of the run.</summary>
    public required Action<string> Record { get; init; }
}
