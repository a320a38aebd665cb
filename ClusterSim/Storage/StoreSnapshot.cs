using System.Collections.Immutable;

namespace ClusterSim.Storage;

using Names = ImmutableSortedDictionary<string, Document>;

/// <summary>All objects of one resource as they were at one revision; immutable, so that a paged list reads one state of the world.</summary>
internal sealed class StoreSnapshot
{
    private readonly ImmutableSortedDictionary<string, Names> _namespaces;

    private StoreSnapshot(ImmutableSortedDictionary<string, Names> namespaces, int count)
    {
        _namespaces = namespaces;
        Count = count;
    }

    /// <summary>No objects.</summary>
    public static StoreSnapshot Empty { get; } = new(ImmutableSortedDictionary.Create<string, Names>(StringComparer.Ordinal), 0);

    /// <summary>How many objects there are.</summary>
    public int Count { get; }

    /// <summary>The object; null where there is none.</summary>
    public Document? Find(ObjectKey key) =>
        _namespaces.TryGetValue(key.Namespace ?? "", out var names) && names.TryGetValue(key.Name, out var document) ? document : null;

    /// <summary>All objects in order of namespace and name, as etcd gives them; of one namespace where one is named.</summary>
    public IEnumerable<Document> All(string? @namespace = null)
    {
        if (@namespace is not null)
            return _namespaces.TryGetValue(@namespace, out var names) ? names.Values : [];
        return _namespaces.Values.SelectMany(names => names.Values);
    }

    /// <summary>How many objects a namespace holds.</summary>
    public int CountIn(string @namespace) => _namespaces.TryGetValue(@namespace, out var names) ? names.Count : 0;

    internal StoreSnapshot With(Document document)
    {
        var @namespace = document.Namespace ?? "";
        var names = _namespaces.GetValueOrDefault(@namespace) ?? ImmutableSortedDictionary.Create<string, Document>(StringComparer.Ordinal);
        var grown = names.SetItem(document.Name, document);
        return new StoreSnapshot(_namespaces.SetItem(@namespace, grown), Count + grown.Count - names.Count);
    }

    internal StoreSnapshot Without(ObjectKey key)
    {
        var @namespace = key.Namespace ?? "";
        if (!_namespaces.TryGetValue(@namespace, out var names) || !names.ContainsKey(key.Name))
            return this;
        var left = names.Remove(key.Name);
        return new StoreSnapshot(left.IsEmpty ? _namespaces.Remove(@namespace) : _namespaces.SetItem(@namespace, left), Count - 1);
    }
}
