using ClusterSim.Storage;

namespace ClusterSim.Controllers.GarbageCollection;

/// <summary>An object that may be collected.</summary>
internal readonly record struct ObjectReference(GroupResource Resource, ObjectKey Key);

/// <summary>Who depends on whom: the dependents of each owner, by the owner's uid.</summary>
internal sealed class OwnerGraph
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, HashSet<ObjectReference>> _dependents = new(StringComparer.Ordinal);

    /// <summary>Follows a change.</summary>
    public void Follow(StoreEvent change)
    {
        var document = change.Document;
        var now = change.Change == StoreChange.Deleted ? [] : Owners(document);
        var before = change.Change == StoreChange.Deleted ? Owners(document) : change.Previous is { } previous ? Owners(previous) : [];
        if (now.Count == 0 && before.Count == 0)
            return;
        var reference = new ObjectReference(document.Resource, document.Key);
        lock (_lock)
        {
            foreach (var gone in before)
                if (!now.Contains(gone) && _dependents.TryGetValue(gone, out var left) && left.Remove(reference) && left.Count == 0)
                    _dependents.Remove(gone);
            foreach (var owner in now)
            {
                if (!_dependents.TryGetValue(owner, out var all))
                    _dependents[owner] = all = [];
                all.Add(reference);
            }
        }
    }

    /// <summary>What is owned by an object, as far as the informers have told.</summary>
    public IReadOnlyList<ObjectReference> DependentsOf(string uid)
    {
        lock (_lock)
            return _dependents.TryGetValue(uid, out var found) ? [.. found] : [];
    }

    /// <summary>The uids of an object's owners.</summary>
    public static List<string> Owners(Document document)
    {
        var references = document.Metadata.At("ownerReferences");
        if (!references.Exists())
            return [];
        return [.. references.Items().Select(owner => owner.At("uid").Text(""))];
    }
}
