namespace ClusterSim.Faults.Schedules;

/// <summary>What goes wrong. docs/chaos.md tells what each is and which fields it has.</summary>
public enum FaultKind
{
    /// <summary>Nothing gets from one set of pods to another.</summary>
    Partition,

    /// <summary>What is said arrives later.</summary>
    Delay,

    /// <summary>What is said arrives slowly.</summary>
    Trickle,

    /// <summary>Requests are carried out, their answers lost.</summary>
    DropAnswers,

    /// <summary>Answers break off.</summary>
    ResetAnswers,

    /// <summary>Requests are answered in the server's place.</summary>
    Answer,

    /// <summary>A process's time of day is off.</summary>
    SkewClock,

    /// <summary>Pods die without warning.</summary>
    KillPod,

    /// <summary>A node loses its power, and has it back when the fault ends.</summary>
    StopNode,

    /// <summary>A server outside the cluster (<see cref="IStoppableServer"/>) ends without warning, and is started again when the fault ends.</summary>
    StopServer,
}

/// <summary>Which way a partition cuts.</summary>
public enum PartitionDirection
{
    /// <summary>Both.</summary>
    Both,

    /// <summary>From the one to the other.</summary>
    There,

    /// <summary>From the other to the one.</summary>
    Back,
}

/// <summary>A fault and its time. Which of the fields count depends on <see cref="Kind"/>.</summary>
public sealed record ScheduledFault
{
    /// <summary>What goes wrong.</summary>
    public required FaultKind Kind { get; init; }

    /// <summary>When, from the schedule's start.</summary>
    public TimeSpan At { get; init; }

    /// <summary>For how long; null: until the schedule ends. A kill is over at once.</summary>
    public TimeSpan? For { get; init; }

    /// <summary>From where; who asks.</summary>
    public string? From { get; init; }

    /// <summary>Where to; who answers.</summary>
    public string? To { get; init; }

    /// <summary>Which pods.</summary>
    public string? Pods { get; init; }

    /// <summary>Which node.</summary>
    public string? Node { get; init; }

    /// <summary>Which server (<see cref="IStoppableServer.Name"/>).</summary>
    public string? Server { get; init; }

    /// <summary>Which way a partition cuts.</summary>
    public PartitionDirection Direction { get; init; }

    /// <summary>By how much.</summary>
    public TimeSpan By { get; init; }

    /// <summary>Up to that much more.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>How fast.</summary>
    public int BytesPerSecond { get; init; }

    /// <summary>How much comes through.</summary>
    public int AfterBytes { get; init; }

    /// <summary>An answer's status.</summary>
    public int Status { get; init; }

    /// <summary>An answer's body.</summary>
    public string? Body { get; init; }

    /// <summary>Whether the request is carried out all the same.</summary>
    public bool CarriedOut { get; init; }

    /// <summary>Only requests with this text.</summary>
    public string? Holding { get; init; }

    /// <summary>How often at most.</summary>
    public int? Count { get; init; }

    /// <summary>How many occasions pass first.</summary>
    public int Skip { get; init; }

    /// <summary>How likely each is.</summary>
    public double? Chance { get; init; }

    /// <summary>The seed of its dice.</summary>
    public int Seed { get; init; } = 1;

    internal Dose Dose => new() { Count = Count ?? int.MaxValue, Skip = Skip, Chance = Chance ?? 1, Seed = Seed };

    /// <summary>In one line, as a timeline tells it.</summary>
    public override string ToString()
    {
        var fields = FaultScheduleYaml.FieldsOf(this).Select(field => $"{field.Name} {field.Value}");
        return $"{FaultScheduleYaml.NameOf(Kind)} {string.Join(", ", fields)}".TrimEnd();
    }
}
