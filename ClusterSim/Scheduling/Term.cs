using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using ClusterSim.Json;
using ClusterSim.Schema;

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

/// <summary>A topology spread constraint.</summary>
/// <param name="MaxSkew">How much the fullest place may differ from the emptiest.</param>
/// <param name="TopologyKey">The nodes' label.</param>
/// <param name="Hard">Whether it must hold (DoNotSchedule).</param>
/// <param name="Selector">Which pods are counted.</param>
/// <param name="MinDomains">With fewer places than this the emptiest counts as empty.</param>
/// <param name="HonorsAffinity">Whether nodes the pod's affinity excludes do not count.</param>
/// <param name="HonorsTaints">Whether nodes the pod does not tolerate do not count.</param>
internal sealed record SpreadConstraint(
    int MaxSkew, string TopologyKey, bool Hard, LabelSelector Selector, int MinDomains, bool HonorsAffinity, bool HonorsTaints)
{
    /// <summary>Reads a <c>TopologySpreadConstraint</c>.</summary>
    public static SpreadConstraint Of(JsonElement constraint, IReadOnlyDictionary<string, string> labels) => new(
        constraint.At("maxSkew").Integer(1),
        constraint.At("topologyKey").Text(""),
        constraint.At("whenUnsatisfiable").Text("DoNotSchedule") == "DoNotSchedule",
        PodTerm.WithOwnValues(constraint, labels),
        constraint.At("minDomains").Integer(1),
        constraint.At("nodeAffinityPolicy").Text("Honor") == "Honor",
        constraint.At("nodeTaintsPolicy").Text("Ignore") == "Honor");
}

/// <summary>A toleration.</summary>
internal sealed record Toleration(string? Key, string Operator, string Value, string? Effect)
{
    /// <summary>Reads the tolerations of a pod.</summary>
    public static ImmutableArray<Toleration> Of(JsonElement tolerations) => [.. tolerations.Items().Select(Single)];

    /// <summary>Reads one toleration.</summary>
    public static Toleration Single(JsonElement one) => new(
        one.At("key").Text() is { Length: > 0 } key ? key : null, one.At("operator").Text("Equal"), one.At("value").Text(""),
        one.At("effect").Text() is { Length: > 0 } effect ? effect : null);

    /// <summary>Whether it tolerates a taint.</summary>
    public bool Tolerates(Taint taint)
    {
        if ((Effect is not null && Effect != taint.Effect) || (Key is not null && Key != taint.Key))
            return false;
        return Operator switch
        {
            "Exists" => true,
            "Equal" or "" => Key is not null && Value == taint.Value,
            "Lt" => Numbers(taint, out var value, out var bound) && value < bound,
            "Gt" => Numbers(taint, out var value, out var bound) && value > bound,
            _ => false,
        };
    }

    private bool Numbers(Taint taint, out long value, out long bound)
    {
        bound = 0;
        return long.TryParse(taint.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
            && long.TryParse(Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out bound);
    }
}

/// <summary>A taint.</summary>
internal sealed record Taint(string Key, string Value, string Effect)
{
    /// <summary>Reads the taints of a node.</summary>
    public static ImmutableArray<Taint> Of(JsonElement taints) =>
        [.. taints.Items().Select(one => new Taint(one.At("key").Text(""), one.At("value").Text(""), one.At("effect").Text("")))];
}
