namespace ClusterSim.Nodes.Probes;

/// <summary>How one probe went.</summary>
internal enum ProbeOutcome
{
    /// <summary>It passed.</summary>
    Success,

    /// <summary>It did not.</summary>
    Failure,

    /// <summary>It could not be carried out; counts neither way.</summary>
    Unknown,
}

/// <summary>The outcome of one probe and what is to be said of it.</summary>
internal readonly record struct ProbeResult(ProbeOutcome Outcome, string Message)
{
    /// <summary>Passed.</summary>
    public static ProbeResult Success { get; } = new(ProbeOutcome.Success, "");

    /// <summary>Not passed.</summary>
    public static ProbeResult Failure(string message) => new(ProbeOutcome.Failure, message);
}
