using System.Collections.Immutable;
using System.Text.Json;

namespace ClusterSim.Scheduling;

/// <summary>A term of a pod's (anti-)affinity: pods that are meant, and the label whose value makes a place.</summary>
/// <param name="TopologyKey">The nodes' label.</param>
/// <param name="Selector">Which pods, by labels.</param>
/// <param name="Namespaces">In which namespaces by name; the pod's own where none are said.</param>
/// <param name="NamespaceSelector">In which namespaces by label; null for none.</param>
/// <param name="Weight">How much a preferred term counts.</param>
internal sealed record PodTerm(string TopologyKey, LabelSelector Selector, ImmutableHashSet<string> Namespaces, LabelSelector? NamespaceSelector, int Weight)
{
    /// <summary>Reads a <c>PodAffinityTerm</c>; labels named in matchLabelKeys take the pod's own values.</summary>
    public static PodTerm Of(JsonElement term, string @namespace, IReadOnlyDictionary<string, string> labels, int weight)
    {
        var namespaces = term.At("namespaces").Items().Select(name => name.Text("")).ToImmutableHashSet(StringComparer.Ordinal);
        var selector = term.At("namespaceSelector");
        if (namespaces.IsEmpty && !selector.Exists())
            namespaces = [@namespace];
        return new PodTerm(
            term.At("topologyKey").Text(""), WithOwnValues(term, labels), namespaces, selector.Exists() ? LabelSelector.FromObject(selector) : null, weight);
    }

    /// <summary>Whether it means a pod of that namespace with those labels.</summary>
    public bool Matches(string @namespace, IReadOnlyDictionary<string, string> labels, Func<string, IReadOnlyDictionary<string, string>> namespaceLabels) =>
        (Namespaces.Contains(@namespace) || (NamespaceSelector is not null && NamespaceSelector.Matches(namespaceLabels(@namespace))))
        && Selector.Matches(labels);

    /// <summary>The selector of a term or constraint, with <c>matchLabelKeys</c> and <c>mismatchLabelKeys</c> filled in from the pod.</summary>
    public static LabelSelector WithOwnValues(JsonElement term, IReadOnlyDictionary<string, string> labels)
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
