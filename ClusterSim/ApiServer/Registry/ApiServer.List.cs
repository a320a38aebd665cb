using ClusterSim.Requests;
using ClusterSim.Storage;

namespace ClusterSim.Registry;

/// <summary>A page of a list.</summary>
/// <param name="Items">The objects.</param>
/// <param name="Revision">The revision they are of.</param>
/// <param name="Continue">Where the next page starts; null at the end.</param>
/// <param name="Remaining">How many are left after this page; null where a selector makes it unknown.</param>
internal sealed record ListResult(IReadOnlyList<Document> Items, long Revision, string? Continue, long? Remaining);

internal sealed partial class ApiServer
{
    /// <summary>A list, or a page of one: all pages of a list are of one revision.</summary>
    public ListResult List(in RequestTarget target, ListOptions options)
    {
        Authorize(target, "list");
        var items = Select(target, options, out var revision, out var next, out var remaining);
        return new ListResult(items, revision, next, remaining);
    }

    private IReadOnlyList<Document> Select(in RequestTarget target, ListOptions options, out long revision, out string? next, out long? remaining)
    {
        var resource = target.Resource.Storage;
        var predicate = Selectors.Predicate(options, StrategyOf(target), target.Resource.GroupVersion);
        (var snapshot, revision) = Store.Snapshot(resource);
        if (_computed.TryGetValue(target.Resource.GroupResource, out var computed))
        {
            // No versions, hence no pages: as metrics-server answers.
            (next, remaining) = (null, null);
            var all = computed.List(target.Resource.Namespaced ? target.Namespace : null);
            return predicate is null ? [.. all] : [.. all.Where(predicate)];
        }
        ObjectKey? after = null;
        if (!string.IsNullOrEmpty(options.Continue))
        {
            (var of, after) = ContinueToken.Read(options.Continue);
            if (options.ResourceVersion is { Length: > 0 } and not "0")
                throw KubernetesApiException.BadRequest("specifying resource version is not allowed when using continue");
            // A token of no revision goes on with what is there now.
            if (of >= 0)
            {
                snapshot = Store.Kept(resource, of) ?? throw TooOld(after.Value);
                revision = of;
            }
        }
        else if (Exact(options) is { } exact)
        {
            snapshot = Store.At(resource, exact)
                ?? throw KubernetesApiException.Expired($"The resourceVersion for the provided list is too old. (resourceVersion {exact})");
            revision = exact;
        }
        next = null;
        remaining = null;
        var found = snapshot.All(target.Resource.Namespaced ? target.Namespace : null);
        if (target.Name is { } name)
            found = found.Where(document => document.Name == name);
        if (options.Limit <= 0 && after is null)
            return predicate is null ? [.. found] : [.. found.Where(predicate)];

        var page = new List<Document>();
        var left = 0L;
        foreach (var document in found)
        {
            if (after is { } last && Compare(document.Key, last) <= 0)
                continue;
            if (predicate is not null && !predicate(document))
                continue;
            if (options.Limit > 0 && page.Count == options.Limit)
            {
                left++;
                if (predicate is not null)
                    break;
            }
            else
            {
                page.Add(document);
            }
        }
        if (left > 0)
        {
            Store.Keep(resource, revision, snapshot);
            next = ContinueToken.Write(revision, page[^1].Key);
            remaining = predicate is null ? left : null;
        }
        return page;
    }

    private static KubernetesApiException TooOld(ObjectKey last) => new(
        410, "Expired", "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.")
    {
        Continue = ContinueToken.Write(-1, last),
    };

    /// <summary>
    /// The one version a list may be of; null where any that is new enough does. A limit with a version asks for exactly that version, as
    /// do clients older than resourceVersionMatch.
    /// </summary>
    private static long? Exact(ListOptions options) =>
        options.ResourceVersion is { Length: > 0 } text && text != "0"
        && (options.ResourceVersionMatch == "Exact" || (options.ResourceVersionMatch is null && options.Limit > 0))
        && long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var revision)
            ? revision
            : null;

    private static int Compare(ObjectKey one, ObjectKey other)
    {
        var namespaces = string.CompareOrdinal(one.Namespace ?? "", other.Namespace ?? "");
        return namespaces != 0 ? namespaces : string.CompareOrdinal(one.Name, other.Name);
    }
}
