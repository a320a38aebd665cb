using System.Collections.Immutable;
using Names = System.Collections.Immutable.ImmutableSortedDictionary<string, ClusterSim.Storage.Document>;

namespace ClusterSim.Storage;
/// <summary>
/// All objects of one resource as they were at one revision; immutable, so that a paged list reads one state of the world. Besides the
/// names it knows the objects by their controller and, for pods, by their node: whoever reads just after a write finds the write there,
/// which spares controllers the expectations that lagging caches make necessary.
/// </summary>
internal sealed class StoreSnapshot
{
    private readonly ImmutableSortedDictionary<string, Names> _namespaces;
    private readonly ImmutableDictionary<string, ImmutableDictionary<ObjectKey, Document>> _byController;
    private readonly ImmutableDictionary<string, ImmutableDictionary<ObjectKey, Document>> _byNode;

    private StoreSnapshot(
        ImmutableSortedDictionary<string, Names> namespaces,
        ImmutableDictionary<string, ImmutableDictionary<ObjectKey, Document>> byController,
        ImmutableDictionary<string, ImmutableDictionary<ObjectKey, Document>> byNode,
        int count)
    {
        _namespaces = namespaces;
        _byController = byController;
        _byNode = byNode;
        Count = count;
    }

    /// <summary>No objects.</summary>
    public static StoreSnapshot Empty { get; } = new(
        ImmutableSortedDictionary.Create<string, Names>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, ImmutableDictionary<ObjectKey, Document>>(StringComparer.Ordinal),
        ImmutableDictionary.Create<string, ImmutableDictionary<ObjectKey, Document>>(StringComparer.Ordinal),
        0);

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

    /// <summary>The objects whose controlling owner has this uid, in no order.</summary>
    public IEnumerable<Document> ControlledBy(string uid) => _byController.TryGetValue(uid, out var documents) ? documents.Values : [];

    /// <summary>The pods bound to a node, in no order.</summary>
    public IEnumerable<Document> OnNode(string node) => _byNode.TryGetValue(node, out var documents) ? documents.Values : [];

    internal StoreSnapshot With(Document document)
    {
        var @namespace = document.Namespace ?? "";
        var names = _namespaces.GetValueOrDefault(@namespace) ?? ImmutableSortedDictionary.Create<string, Document>(StringComparer.Ordinal);
        names.TryGetValue(document.Name, out var previous);
        return new StoreSnapshot(
            _namespaces.SetItem(@namespace, names.SetItem(document.Name, document)),
            Indexed(_byController, previous?.ControllerUid, document.ControllerUid, document),
            Indexed(_byNode, previous?.NodeName, document.NodeName, document),
            previous is null ? Count + 1 : Count);
    }

    internal StoreSnapshot Without(ObjectKey key)
    {
        if (Find(key) is not { } gone)
            return this;
        var @namespace = key.Namespace ?? "";
        var left = _namespaces[@namespace].Remove(key.Name);
        return new StoreSnapshot(
            left.IsEmpty ? _namespaces.Remove(@namespace) : _namespaces.SetItem(@namespace, left),
            Indexed(_byController, gone.ControllerUid, null, gone),
            Indexed(_byNode, gone.NodeName, null, gone),
            Count - 1);
    }

    private static ImmutableDictionary<string, ImmutableDictionary<ObjectKey, Document>> Indexed(
        ImmutableDictionary<string, ImmutableDictionary<ObjectKey, Document>> index, string? before, string? after, Document document)
    {
        if (before is not null && before != after)
        {
            var left = index[before].Remove(document.Key);
            index = left.IsEmpty ? index.Remove(before) : index.SetItem(before, left);
        }
        if (after is not null)
            index = index.SetItem(after, (index.GetValueOrDefault(after) ?? ImmutableDictionary<ObjectKey, Document>.Empty).SetItem(document.Key, document));
        return index;
    }
}
