using ClusterSim.Schema;

namespace Harness.Kube;

/// <summary>A resource of the API, with its URLs.</summary>
public sealed class KubeResource
{
    private readonly string _group;
    private readonly string _version;
    private readonly string _singularName;

    internal KubeResource(ApiResource type)
        : this(type.Group, type.Version, type.Kind, type.Name, type.SingularName, type.IsNamespaced)
    {
    }

    internal KubeResource(string group, string version, string kind, string name, string singularName, bool isNamespaced)
    {
        (_group, _version, Kind, Name, Namespaced) = (group, version, kind, name, isNamespaced);
        _singularName = singularName.Length > 0 ? singularName : kind.ToLowerInvariant();
    }

    /// <summary>Plural name.</summary>
    public string Name { get; }

    /// <summary>Name with its group, as kubectl prints it: <c>deployment.apps</c>.</summary>
    public string QualifiedSingular => _group.Length == 0 ? _singularName : $"{_singularName}.{_group}";

    /// <summary>Its group and version as objects name them: <c>apps/v1</c>.</summary>
    public string GroupVersion => _group.Length == 0 ? _version : $"{_group}/{_version}";

    /// <summary>The kind of its objects.</summary>
    public string Kind { get; }

    /// <summary>Whether its objects live in namespaces.</summary>
    public bool Namespaced { get; }

    /// <summary>The URL path, relative to the server, of an object or, without a name, of all.</summary>
    public string Path(string? @namespace, string? name = null)
    {
        var root = _group.Length == 0 ? $"api/{_version}" : $"apis/{GroupVersion}";
        var place = Namespaced && @namespace is not null ? $"/namespaces/{@namespace}" : "";
        return $"{root}{place}/{Name}{(name is null ? "" : "/" + name)}";
    }
}
