namespace ClusterSim.Requests;

/// <summary>What a delete asks for: <c>DeleteOptions</c> of meta/v1.</summary>
internal sealed record DeleteOptions
{
    /// <summary>The defaults of the kind.</summary>
    public static DeleteOptions None { get; } = new();

    /// <summary>Seconds the object may take to end; null: the object's own.</summary>
    public long? GracePeriodSeconds { get; init; }

    /// <summary><c>Background</c>, <c>Foreground</c>, <c>Orphan</c>; null: the kind's default.</summary>
    public string? PropagationPolicy { get; init; }

    /// <summary>The uid the object must have.</summary>
    public string? PreconditionUid { get; init; }

    /// <summary>The resourceVersion the object must have.</summary>
    public string? PreconditionResourceVersion { get; init; }

    /// <summary>Go through everything, change nothing.</summary>
    public bool DryRun { get; init; }
}
