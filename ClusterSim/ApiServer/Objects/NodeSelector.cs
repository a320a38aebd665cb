using System.Collections.Immutable;
using System.Text.Json;

namespace ClusterSim.Objects;

/// <summary>
/// The nodes that a pod or a volume accepts: a node matches if it matches any of the selector's terms
/// (<c>NodeSelector</c> of <c>k8s.io/component-helpers/scheduling/corev1/nodeaffinity</c>).
/// </summary>
internal sealed class NodeSelector
{
    private readonly ImmutableArray<Term> _terms;

    private NodeSelector(ImmutableArray<Term> terms) => _terms = terms;

    /// <summary>Reads a <c>NodeSelector</c>; returns null if it is absent.</summary>
    public static NodeSelector? Of(JsonElement nodeSelector) =>
        nodeSelector.Exists() ? new([.. nodeSelector.At("nodeSelectorTerms").Items().Select(Term.Of)]) : null;

    /// <summary>Reads a single <c>NodeSelectorTerm</c>, the form that a <c>PreferredSchedulingTerm</c> contains.</summary>
    public static NodeSelector OfTerm(JsonElement term) => new([Term.Of(term)]);

    /// <summary>Returns whether the node with this name and these labels matches.</summary>
    public bool Match(string name, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var term in _terms)
            if (term.Match(name, labels))
                return true;
        return false;
    }

    private sealed record Term(LabelSelector Labels, ImmutableArray<(bool In, ImmutableArray<string> Names)> Names, bool IsEmpty)
    {
        public static Term Of(JsonElement term)
        {
            var requirements = new List<SelectorRequirement>();
            foreach (var expression in term.At("matchExpressions").Items())
                requirements.Add(new(
                    expression.At("key").Text(""),
                    expression.At("operator").Text("") switch
                    {
                        "In" => SelectorOperator.In,
                        "NotIn" => SelectorOperator.NotIn,
                        "Exists" => SelectorOperator.Exists,
                        "DoesNotExist" => SelectorOperator.DoesNotExist,
                        "Gt" => SelectorOperator.GreaterThan,
                        _ => SelectorOperator.LessThan,
                    },
                    [.. expression.At("values").Items().Select(value => value.Text(""))]));
            var names = term.At("matchFields").Items()
                .Where(field => field.At("key").Text() == "metadata.name")
                .Select(field => (field.At("operator").Text() == "In", field.At("values").Items().Select(value => value.Text("")).ToImmutableArray()))
                .ToImmutableArray();
            // A term without requirements selects no node.
            return new Term(LabelSelector.Of(requirements), names, requirements.Count == 0 && names.IsEmpty);
        }

        public bool Match(string name, IReadOnlyDictionary<string, string> labels)
        {
            if (IsEmpty || !Labels.Matches(labels))
                return false;
            foreach (var (@in, names) in Names)
                if (names.Contains(name, StringComparer.Ordinal) != @in)
                    return false;
            return true;
        }
    }
}
