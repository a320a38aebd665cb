using ClusterSim.Requests;
using ClusterSim.Storage;
using ClusterSim.Validation;

namespace ClusterSim.Registry;

/// <summary>Reads selectors as they stand in a query. The Schema room implements it.</summary>
internal interface ISelectors
{
    /// <summary>A predicate of a list's or watch's selectors; null where there are none, so that nothing is tested.</summary>
    /// <param name="options">The selectors.</param>
    /// <param name="strategy">What the kind can be selected by.</param>
    /// <param name="version">The version whose field labels are used.</param>
    /// <exception cref="KubernetesApiException">400: unreadable, or a field this kind cannot be selected by.</exception>
    Func<Document, bool>? Predicate(ListOptions options, KindStrategy strategy, GroupVersion version);
}
