using System.Collections.Immutable;
using System.Text.Json;

namespace ClusterSim.Objects;

/// <summary>Which nodes a pod (or a volume) wants: a node selector's terms, any of which is enough (<c>component-helpers/nodeaffinity</c>).</summary>
internal sealed class NodeAffinity
{
    private readonly ImmutableArray<Term> _terms;

    private NodeAffinity(ImmutableArray<Term> terms) => _terms = terms;

    /// <summary>Reads a <c>NodeSelector</c>; null where there is none.</summary>
    public static NodeAffinity? Of(JsonElement nodeSelector) =>
        nodeSelector.Exists() ? new([.. nodeSelector.At("nodeSelectorTerms").Items().Select(Term.Of)]) : null;

    /// <summary>A single <c>NodeSelectorTerm</c>, as a preference has it.</summary>
    public static NodeAffinity OfTerm(JsonElement term) => new([Term.Of(term)]);

    /// <summary>Whether a node is wanted.</summary>
    public bool Matches(string name, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var term in _terms)
            if (term.Matches(name, labels))
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

        public bool Matches(string name, IReadOnlyDictionary<string, string> labels)
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
