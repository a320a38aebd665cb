namespace ClusterSim.Schema;

/// <summary>A resource in one version, as discovery tells of it (<c>APIResource</c> of meta/v1).</summary>
internal sealed record ResourceType
{
    /// <summary>API group; empty for core.</summary>
    public required string Group { get; init; }

    /// <summary>API version.</summary>
    public required string Version { get; init; }

    /// <summary>Plural, lower-case name, as in URLs.</summary>
    public required string Name { get; init; }

    /// <summary>Singular, lower-case name.</summary>
    public required string SingularName { get; init; }

    /// <summary>The kind of its objects.</summary>
    public required string Kind { get; init; }

    /// <summary>The kind of a list of them.</summary>
    public string ListKind { get => field ?? Kind + "List"; init; }

    /// <summary>What its CustomResourceDefinition says; null for a built-in resource.</summary>
    public ICustomResourceSchema? Custom { get; init; }

    /// <summary>Whether its objects live in namespaces.</summary>
    public required bool Namespaced { get; init; }

    /// <summary>Names kubectl accepts for short.</summary>
    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>Groups such as <c>all</c> it belongs to.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>The verbs it answers to.</summary>
    public required IReadOnlyList<string> Verbs { get; init; }

    /// <summary>Its subresources by name (<c>status</c>, <c>scale</c>, <c>log</c>…).</summary>
    public IReadOnlyDictionary<string, SubresourceType> Subresources { get; init; } = new Dictionary<string, SubresourceType>(StringComparer.Ordinal);

    /// <summary>Group and version.</summary>
    public GroupVersion GroupVersion => new(Group, Version);

    /// <summary>Group, version and kind of its objects.</summary>
    public GroupVersionKind GroupVersionKind => new(Group, Version, Kind);

    /// <summary>Group and name.</summary>
    public GroupResource GroupResource => new(Group, Name);

    /// <summary>Under which name its objects are stored: its own, but for events, which are the core group's in either group.</summary>
    public GroupResource Storage => this is { Group: "events.k8s.io", Name: "events" } ? new("", "events") : GroupResource;
}

/// <summary>A subresource: its kind may be of another group (Scale is autoscaling/v1).</summary>
internal sealed record SubresourceType(string Name, GroupVersionKind Kind, IReadOnlyList<string> Verbs);
