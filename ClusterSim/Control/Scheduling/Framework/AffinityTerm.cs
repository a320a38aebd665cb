using System.Collections.Immutable;
using System.Text.Json;

namespace ClusterSim.Scheduling.Framework;

/// <summary>A term of a pod's affinity or anti-affinity (<c>framework.AffinityTerm</c>, <c>WeightedAffinityTerm</c>).</summary>
/// <param name="TopologyKey">The node label whose value is the topology domain.</param>
/// <param name="Selector">Selects pods by label.</param>
/// <param name="Namespaces">The namespaces by name; the pod's own if the term names none.</param>
/// <param name="NamespaceSelector">Selects further namespaces by label; null for none.</param>
/// <param name="Weight">The weight of a preferred term; negative for anti-affinity.</param>
internal sealed record AffinityTerm(string TopologyKey, LabelSelector Selector, ImmutableHashSet<string> Namespaces, LabelSelector? NamespaceSelector, int Weight)
{
    /// <summary>Reads a <c>PodAffinityTerm</c> of a pod with this namespace and these labels.</summary>
    public static AffinityTerm Of(JsonElement term, string @namespace, IReadOnlyDictionary<string, string> labels, int weight)
    {
        var namespaces = term.At("namespaces").Items().Select(name => name.Text("")).ToImmutableHashSet(StringComparer.Ordinal);
        var selector = term.At("namespaceSelector");
        if (namespaces.IsEmpty && !selector.Exists())
            namespaces = [@namespace];
        return new AffinityTerm(
            term.At("topologyKey").Text(""), MergedSelector(term, labels), namespaces, selector.Exists() ? LabelSelector.FromObject(selector) : null, weight);
    }

    /// <summary>Returns whether the term selects a pod with this namespace and these labels.</summary>
    public bool Matches(string @namespace, IReadOnlyDictionary<string, string> labels, Func<string, IReadOnlyDictionary<string, string>> namespaceLabels) =>
        (Namespaces.Contains(@namespace) || (NamespaceSelector is not null && NamespaceSelector.Matches(namespaceLabels(@namespace))))
        && Selector.Matches(labels);

    /// <summary>
    /// Returns the label selector of a term or spread constraint, merged with the pod's own values of the labels in <c>matchLabelKeys</c> and
    /// <c>mismatchLabelKeys</c>.
    /// </summary>
    public static LabelSelector MergedSelector(JsonElement term, IReadOnlyDictionary<string, string> labels)
    {
        var selector = LabelSelector.FromObject(term.At("labelSelector"));
        if (term.At("matchLabelKeys").Count() == 0 && term.At("mismatchLabelKeys").Count() == 0)
            return selector;
        var requirements = selector.Requirements.ToList();
        foreach (var key in term.At("matchLabelKeys").Items())
            if (labels.TryGetValue(key.Text(""), out var value))
                requirements.Add(new(key.Text(""), SelectorOperator.In, [value]));
        foreach (var key in term.At("mismatchLabelKeys").Items())
            if (labels.TryGetValue(key.Text(""), out var value))
                requirements.Add(new(key.Text(""), SelectorOperator.NotIn, [value]));
        return LabelSelector.Of(requirements);
    }
}
