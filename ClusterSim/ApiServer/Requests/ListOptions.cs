namespace ClusterSim.Requests;

/// <summary>Which objects a list or watch wants.</summary>
internal sealed record ListOptions
{
    /// <summary>All.</summary>
    public static ListOptions All { get; } = new();

    /// <summary>A label selector in the query syntax.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>A field selector in the query syntax.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>At most so many; 0 for all.</summary>
    public long Limit { get; init; }

    /// <summary>Where the previous page ended.</summary>
    public string? Continue { get; init; }

    /// <summary>How new it must be.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary><c>Exact</c>, <c>NotOlderThan</c>.</summary>
    public string? ResourceVersionMatch { get; init; }

    /// <summary>The seconds after which a watch ends; null for the server's own limit.</summary>
    public long? TimeoutSeconds { get; init; }

    /// <summary>Whether a watch begins with the objects that there are; null where nothing is said.</summary>
    public bool? SendInitialEvents { get; init; }

    /// <summary>Whether a watch tells its version now and then.</summary>
    public bool AllowWatchBookmarks { get; init; }
}
