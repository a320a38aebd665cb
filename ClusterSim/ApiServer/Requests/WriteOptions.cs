using ClusterSim.Schema;

namespace ClusterSim.Requests;

/// <summary>What a write asks for besides its body.</summary>
internal sealed record WriteOptions
{
    /// <summary>No special wishes.</summary>
    public static WriteOptions None { get; } = new();

    /// <summary>Go through everything, store nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Who is to own the fields; null: derived from the user agent.</summary>
    public string? FieldManager { get; init; }

    /// <summary>Take fields from other managers (apply only).</summary>
    public bool Force { get; init; }

    /// <summary>What to do with unknown fields.</summary>
    public FieldValidation FieldValidation { get; init; } = FieldValidation.Warn;
}
