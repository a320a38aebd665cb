namespace ClusterSim.Schema;

/// <summary>A resource of the Kubernetes API in one version (<c>APIResource</c> of meta/v1).</summary>
public sealed record ApiResource
{
    private readonly ResourceType _type;

    private ApiResource(ResourceType type, bool isPreferred) => (_type, IsPreferred) = (type, isPreferred);

    /// <summary>The API group; empty for the core group.</summary>
    public string Group => _type.Group;

    /// <summary>The version.</summary>
    public string Version => _type.Version;

    /// <summary>The group and the version, as objects name them: <c>apps/v1</c>.</summary>
    public string ApiVersion => _type.GroupVersion.ToString();

    /// <summary>The kind of the objects.</summary>
    public string Kind => _type.Kind;

    /// <summary>The plural name, as in URLs.</summary>
    public string Name => _type.Name;

    /// <summary>The singular name.</summary>
    public string SingularName => _type.SingularName;

    /// <summary>The short names that kubectl accepts.</summary>
    public IReadOnlyList<string> ShortNames => _type.ShortNames;

    /// <summary>The names of the subresources, such as <c>status</c> and <c>scale</c>.</summary>
    public IReadOnlyList<string> Subresources => [.. _type.Subresources.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Whether the objects are in namespaces.</summary>
    public bool IsNamespaced => _type.Namespaced;

    /// <summary>Whether this is the version to use where none is named.</summary>
    public bool IsPreferred { get; }

    /// <summary>Returns the resources that Kubernetes has without CustomResourceDefinitions, in the order of discovery.</summary>
    public static IReadOnlyList<ApiResource> BuiltIn()
    {
        var catalog = new ResourceCatalog();
        return [.. catalog.BuiltIn.Select(type => new ApiResource(type, catalog.Stored(type.GroupResource) == type))];
    }
}
