using ClusterSim.Requests;
using ClusterSim.Storage;

namespace ClusterSim.Registry;

internal sealed partial class ApiServer
{
    /// <summary>What a watcher with this view sees of a change; null for nothing.</summary>
    internal static StoreEvent? Seen(StoreEvent change, Func<Document, bool>? matches)
    {
        if (matches is null)
            return change;
        var before = change.Previous is not null && matches(change.Previous);
        var after = change.Change != StoreChange.Deleted && matches(change.Document);
        return (before, after) switch
        {
            (false, false) => null,
            (false, true) => change.Change == StoreChange.Added ? change : new StoreEvent(StoreChange.Added, change.Document, null),
            (true, true) => change,
            (true, false) => change.Change == StoreChange.Deleted ? change : new StoreEvent(StoreChange.Deleted, LastSelected(change), change.Previous),
        };
    }

    // What no longer matches goes as it was when it last did, under the version of the change (convertToWatchEvent).
    private static Document LastSelected(StoreEvent change) => Document.From(change.Document.Resource, change.Previous!.ToObject(), change.Document.Revision);

    internal static Func<Document, bool>? Matching(RequestTarget target, Func<Document, bool>? predicate)
    {
        var @namespace = target.Resource.Namespaced ? target.Namespace : null;
        if (@namespace is null && target.Name is null)
            return predicate;
        return document => (@namespace is null || document.Namespace == @namespace)
            && (target.Name is null || document.Name == target.Name)
            && (predicate is null || predicate(document));
    }
}
