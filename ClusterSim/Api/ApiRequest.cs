using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Schema;

namespace ClusterSim.Api;

/// <summary>What to do with a field the schema does not know.</summary>
internal enum FieldValidation
{
    /// <summary>Drop it silently.</summary>
    Ignore,

    /// <summary>Drop it with a warning: the API's default.</summary>
    Warn,

    /// <summary>Refuse: kubectl's default.</summary>
    Strict,
}

/// <summary>How a patch body is to be read.</summary>
internal enum PatchType
{
    /// <summary>RFC 6902.</summary>
    Json,

    /// <summary>RFC 7386.</summary>
    Merge,

    /// <summary>Kubernetes' strategic merge patch.</summary>
    StrategicMerge,

    /// <summary>Server-side apply.</summary>
    Apply,
}

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
}

/// <summary>A write's request context: who, on what, where.</summary>
/// <param name="User">Who asks.</param>
/// <param name="Resource">The resource, in the version of the request.</param>
/// <param name="Namespace">The URL's namespace; null for cluster scope or all namespaces.</param>
/// <param name="Name">The URL's name; null for a collection.</param>
/// <param name="Subresource">The URL's subresource; null for the object itself.</param>
internal readonly record struct RequestTarget(UserInfo User, ResourceType Resource, string? Namespace, string? Name, string? Subresource = null);

/// <summary>The outcome of a write.</summary>
/// <param name="Object">The object, or a Status, in the version of the request.</param>
/// <param name="Code">HTTP status: 200, 201 or 202.</param>
/// <param name="Warnings">What the writer is told besides.</param>
internal sealed record WriteResult(Storage.Document Object, int Code, IReadOnlyList<string> Warnings)
{
    /// <summary>Answers that are not the stored object (Scale, Eviction, TokenRequest, Status); null where <see cref="Object"/> is the answer.</summary>
    public JsonObject? Answer { get; init; }
}
