using System.Collections.Immutable;
using System.Text.Json;

namespace ClusterSim.Schema;

/// <summary>
/// Every resource the API server knows: the built-in ones, read from the embedded discovery documents of a real cluster, and custom ones,
/// which come and go with their CustomResourceDefinitions. Reading is lock-free.
/// </summary>
internal sealed class ResourceCatalog
{
    private readonly Lock _changing = new();
    private Tables _tables;

    /// <summary>A catalog of the built-in resources.</summary>
    public ResourceCatalog()
    {
        var builtIn = ReadDiscovery().ToList();
        BuiltIn = builtIn;
        _tables = Tables.Of(builtIn, ImmutableDictionary<GroupResource, ResourceType>.Empty);
    }

    /// <summary>The built-in resources, in discovery's order.</summary>
    public IReadOnlyList<ResourceType> BuiltIn { get; }

    /// <summary>All resources, the built-in ones first.</summary>
    public IReadOnlyList<ResourceType> All => _tables.All;

    /// <summary>The resource at <c>/apis/group/version/name</c>; null where there is none.</summary>
    public ResourceType? Find(string group, string version, string name) => _tables.ByPath.GetValueOrDefault((group, version, name));

    /// <summary>The resource whose objects have this kind; null where there is none.</summary>
    public ResourceType? Find(GroupVersionKind kind) => _tables.ByKind.GetValueOrDefault(kind);

    /// <summary>The resource in the version its objects are stored in; null where there is none.</summary>
    public ResourceType? Stored(GroupResource resource) =>
        _tables.Stored.GetValueOrDefault(resource is { Group: "events.k8s.io", Resource: "events" } ? new("", "events") : resource)
        ?? _tables.CustomStored.GetValueOrDefault(resource);

    /// <summary>The built-in resource called <paramref name="name"/> in <paramref name="group"/>, in its storage version.</summary>
    /// <exception cref="InvalidOperationException">There is none: a mistake in this program.</exception>
    public ResourceType Require(string name, string group = "") =>
        Stored(new(group, name)) ?? throw new InvalidOperationException($"no resource {new GroupResource(group, name)} in the catalog");

    /// <summary>Is told of each custom resource that comes, before it is served; not of its changes.</summary>
    public event Action<ResourceType>? CustomAdded;

    /// <summary>Adds or replaces a custom resource.</summary>
    /// <param name="stored">The version its objects are stored in, which need not be served.</param>
    /// <param name="served">The versions that are served.</param>
    public void Put(ResourceType stored, IReadOnlyList<ResourceType> served)
    {
        bool isNew;
        lock (_changing)
            isNew = !_tables.CustomStored.ContainsKey(stored.GroupResource);
        if (isNew)
            CustomAdded?.Invoke(stored);
        lock (_changing)
            _tables = Tables.Of(
                [.. BuiltIn, .. _tables.All.Skip(BuiltIn.Count).Where(type => type.GroupResource != stored.GroupResource).Concat(served)
                    .OrderBy(type => type.Group, StringComparer.Ordinal).ThenBy(type => type.Name, StringComparer.Ordinal)],
                _tables.CustomStored.SetItem(stored.GroupResource, stored));
    }

    /// <summary>Adds a resource that stores nothing: an aggregated API's.</summary>
    public void Put(ResourceType computed)
    {
        lock (_changing)
            _tables = Tables.Of([.. _tables.All.Where(type => type.GroupResource != computed.GroupResource), computed], _tables.CustomStored);
    }

    /// <summary>Takes a custom resource out.</summary>
    public void Remove(GroupResource resource)
    {
        lock (_changing)
            _tables = Tables.Of([.. _tables.All.Where(type => type.GroupResource != resource)], _tables.CustomStored.Remove(resource));
    }

    private static IEnumerable<ResourceType> ReadDiscovery()
    {
        using var stream = typeof(ResourceCatalog).Assembly.GetManifestResourceStream("discovery.json")!;
        using var document = JsonDocument.Parse(stream);
        foreach (var path in document.RootElement.EnumerateObject())
        {
            if (path.Value.At("groupVersion").Text() is not { } groupVersion)
                continue;
            var (group, version) = GroupVersion.Parse(groupVersion);
            var resources = path.Value.At("resources").Items().ToList();
            foreach (var resource in resources)
            {
                var name = resource.At("name").Text("");
                if (name.Contains('/', StringComparison.Ordinal))
                    continue;
                yield return new ResourceType
                {
                    Group = group,
                    Version = version,
                    Name = name,
                    SingularName = resource.At("singularName").Text(""),
                    Kind = resource.At("kind").Text(""),
                    Namespaced = resource.At("namespaced").Flag(false),
                    ShortNames = Texts(resource.At("shortNames")),
                    Categories = Texts(resource.At("categories")),
                    Verbs = Texts(resource.At("verbs")),
                    Subresources = resources
                        .Where(other => other.At("name").Text("").StartsWith(name + "/", StringComparison.Ordinal))
                        .Select(other => new SubresourceType(
                            other.At("name").Text("")[(name.Length + 1)..],
                            new(other.At("group").Text(group), other.At("version").Text(version), other.At("kind").Text("")),
                            Texts(other.At("verbs"))))
                        .ToDictionary(sub => sub.Name, StringComparer.Ordinal),
                };
            }
        }

        static IReadOnlyList<string> Texts(JsonElement array) => [.. array.Items().Select(item => item.Text(""))];
    }

    private sealed record Tables(
        IReadOnlyList<ResourceType> All,
        IReadOnlyDictionary<(string Group, string Version, string Name), ResourceType> ByPath,
        IReadOnlyDictionary<GroupVersionKind, ResourceType> ByKind,
        IReadOnlyDictionary<GroupResource, ResourceType> Stored,
        ImmutableDictionary<GroupResource, ResourceType> CustomStored)
    {
        // Where a resource is served in several versions, objects are stored in the newest stable one (autoscaling/v2).
        private static readonly ImmutableDictionary<GroupResource, string> StorageVersions =
            ImmutableDictionary<GroupResource, string>.Empty.Add(new("autoscaling", "horizontalpodautoscalers"), "v2");

        public static Tables Of(IReadOnlyList<ResourceType> all, ImmutableDictionary<GroupResource, ResourceType> customStored) => new(
            all,
            all.ToDictionary(type => (type.Group, type.Version, type.Name)),
            all.GroupBy(type => type.GroupVersionKind).ToDictionary(group => group.Key, group => group.First()),
            all.GroupBy(type => type.GroupResource).ToDictionary(
                group => group.Key,
                group => customStored.GetValueOrDefault(group.Key)
                    ?? group.FirstOrDefault(type => StorageVersions.GetValueOrDefault(group.Key) == type.Version) ?? group.First()),
            customStored);
    }
}
