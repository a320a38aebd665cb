using System.Text.Json;
using ClusterSim.Json;

namespace ClusterSim.Network.Policies;

/// <summary><c>LabelSelector</c> of meta/v1, read once and matched often. All requirements must hold; none at all matches everything.</summary>
internal sealed class LabelSelector
{
    private readonly Requirement[] _requirements;

    private LabelSelector(Requirement[] requirements)
    {
        _requirements = requirements;
        Text = string.Join(',', requirements.Select(requirement => requirement.ToString()).Order(StringComparer.Ordinal));
    }

    private enum Operator
    {
        In,
        NotIn,
        Exists,
        DoesNotExist,
    }

    /// <summary>Selectors of the same text select the same. Empty for the one that selects everything.</summary>
    public string Text { get; }

    /// <summary>Reads <c>matchLabels</c> and <c>matchExpressions</c>.</summary>
    /// <exception cref="FormatException">An operator that Kubernetes does not have.</exception>
    public static LabelSelector Read(JsonElement selector)
    {
        var requirements = new List<Requirement>();
        foreach (var label in selector.At("matchLabels").Fields())
            requirements.Add(new(label.Name, Operator.In, [label.Value.Text("")]));
        foreach (var expression in selector.At("matchExpressions").Items())
        {
            var @operator = expression.At("operator").Text("") switch
            {
                "In" => Operator.In,
                "NotIn" => Operator.NotIn,
                "Exists" => Operator.Exists,
                "DoesNotExist" => Operator.DoesNotExist,
                var unknown => throw new FormatException($"matchExpressions.operator: '{unknown}' is none of In, NotIn, Exists, DoesNotExist"),
            };
            requirements.Add(new(expression.At("key").Text(""), @operator, [.. expression.At("values").Items().Select(value => value.Text(""))]));
        }
        return new LabelSelector([.. requirements]);
    }

    /// <summary>Whether an object with these labels is selected.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var requirement in _requirements)
            if (!requirement.Holds(labels))
                return false;
        return true;
    }

    private readonly record struct Requirement(string Key, Operator Operator, string[] Values)
    {
        public bool Holds(IReadOnlyDictionary<string, string> labels)
        {
            var present = labels.TryGetValue(Key, out var value);
            return Operator switch
            {
                Operator.In => present && Values.Contains(value, StringComparer.Ordinal),
                Operator.NotIn => !present || !Values.Contains(value, StringComparer.Ordinal),
                Operator.Exists => present,
                _ => !present,
            };
        }

        public override string ToString() => $"{Key} {Operator} ({string.Join('|', Values.Order(StringComparer.Ordinal))})";
    }
}
