using ClusterSim.Api;
using ClusterSim.Json;
using ClusterSim.Storage;
using ClusterSim.Validation;

namespace ClusterSim.Schema;

/// <summary>Turns a query's selectors into what tests a document.</summary>
internal sealed class Selectors : ISelectors
{
    /// <inheritdoc/>
    public Func<Document, bool>? Predicate(ListOptions options, KindStrategy strategy)
    {
        var labels = string.IsNullOrEmpty(options.LabelSelector) ? LabelSelector.Everything : LabelSelector.Parse(options.LabelSelector);
        var fields = string.IsNullOrEmpty(options.FieldSelector) ? FieldSelector.Everything : FieldSelector.Parse(options.FieldSelector);
        foreach (var term in fields.Terms)
            if (term.Field is not ("metadata.name" or "metadata.namespace") && !strategy.SelectableFields.ContainsKey(term.Field))
                throw ApiException.BadRequest(Unsupported(strategy.Kind, term.Field));
        if (labels.IsEmpty && fields.IsEmpty)
            return null;
        if (fields.IsEmpty)
            return document => labels.Matches(document.Labels);
        return document => labels.Matches(document.Labels) && fields.Matches(field => Read(document, field, strategy));
    }

    private static string Read(Document document, string field, KindStrategy strategy) => field switch
    {
        "metadata.name" => document.Name,
        "metadata.namespace" => document.Namespace ?? "",
        _ => strategy.SelectableFields[field](document.Root) ?? "",
    };

    // Kinds with a conversion function of their own say it one way, all others the other.
    private static string Unsupported(GroupVersionKind kind, string field) => (kind.Group, kind.Kind) switch
    {
        ("", "Pod" or "Node" or "ReplicationController" or "Event" or "Namespace" or "Secret" or "Service")
            or ("batch", "Job") or ("apps", "ReplicaSet" or "StatefulSet" or "Deployment" or "DaemonSet") => $"field label not supported: {field}",
        _ => $"\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
    };
}
