using ClusterSim.Storage;
using ClusterSim.Validation;

namespace ClusterSim.Api;

/// <summary>Reads selectors as they stand in a query. The Schema room implements it.</summary>
internal interface ISelectors
{
    /// <summary>A predicate of a list's or watch's selectors; null where there are none, so that nothing is tested.</summary>
    /// <exception cref="ApiException">400: unreadable, or a field this kind cannot be selected by.</exception>
    Func<Document, bool>? Predicate(ListOptions options, KindStrategy strategy);
}
