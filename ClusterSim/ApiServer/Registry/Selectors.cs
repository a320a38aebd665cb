using ClusterSim.Requests;
using ClusterSim.Storage;
using ClusterSim.Validation;

namespace ClusterSim.Registry;

/// <summary>Reads a query's selectors against what a kind can be selected by.</summary>
internal sealed class Selectors : ISelectors
{
    private const string Name = "metadata.name";
    private const string Namespace = "metadata.namespace";

    /// <inheritdoc/>
    public Func<Document, bool>? Predicate(ListOptions options, KindStrategy strategy, GroupVersion version)
    {
        var labels = string.IsNullOrEmpty(options.LabelSelector) ? null : LabelSelector.Parse(options.LabelSelector);
        var fields = string.IsNullOrEmpty(options.FieldSelector) ? null : FieldSelector.Parse(options.FieldSelector);
        if (fields is not null)
            foreach (var term in fields.Terms)
                if (term.Field is not (Name or Namespace) && !strategy.SelectableFields.ContainsKey(strategy.FieldLabel(term.Field, version)))
                    throw KubernetesApiException.BadRequest(
                        strategy.SelectableFields.Count == 0
                            ? $"\"{term.Field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
                            : $"field label not supported: {term.Field}");
        if (labels is null && fields is null)
            return null;
        return document => (labels is null || labels.Matches(document.Labels))
            && (fields is null || fields.Matches(field => field switch
            {
                Name => document.Name,
                Namespace => document.Namespace ?? "",
                _ => strategy.SelectableFields[strategy.FieldLabel(field, version)](document.Root),
            }));
    }
}
