using System.Collections.Immutable;
using System.Text.Json;
using ClusterSim.Json;

namespace ClusterSim.Controllers;

/// <summary>A selector of an object (<c>metav1.LabelSelector</c>, or a plain map), compiled to be asked often.</summary>
internal sealed class LabelSelector
{
    private readonly ImmutableArray<Requirement> _requirements;
    private readonly bool _nothing;

    private LabelSelector(ImmutableArray<Requirement> requirements, bool nothing)
    {
        _requirements = requirements;
        _nothing = nothing;
    }

    /// <summary>Selects nothing: what an absent selector means.</summary>
    public static LabelSelector Nothing { get; } = new([], nothing: true);

    /// <summary>Whether it has no requirement, and so selects everything.</summary>
    public bool IsEverything => !_nothing && _requirements.IsEmpty;

    /// <summary>Reads a <c>LabelSelector</c>; absent selects nothing, empty everything.</summary>
    public static LabelSelector Of(JsonElement selector)
    {
        if (!selector.Exists())
            return Nothing;
        var requirements = ImmutableArray.CreateBuilder<Requirement>();
        foreach (var field in selector.At("matchLabels").Fields())
            requirements.Add(new Requirement(field.Name, "In", [field.Value.Text("")]));
        foreach (var expression in selector.At("matchExpressions").Items())
            requirements.Add(new Requirement(
                expression.At("key").Text(""), expression.At("operator").Text(""), [.. expression.At("values").Items().Select(value => value.Text(""))]));
        return new LabelSelector(requirements.ToImmutable(), nothing: false);
    }

    /// <summary>Reads a plain map, as Services and ReplicationControllers have; absent or empty selects nothing.</summary>
    public static LabelSelector OfMap(JsonElement map) =>
        map.Count() == 0 ? Nothing : new([.. map.Fields().Select(field => new Requirement(field.Name, "In", [field.Value.Text("")]))], nothing: false);

    /// <summary>Whether it selects an object with these labels.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        if (_nothing)
            return false;
        foreach (var requirement in _requirements)
            if (!requirement.Holds(labels))
                return false;
        return true;
    }

    /// <summary>In the syntax of a query (<c>a=b,c in (d,e),!f</c>), by key, as <c>labels.Selector.String</c>.</summary>
    public override string ToString() => string.Join(",", _requirements.OrderBy(requirement => requirement.Key, StringComparer.Ordinal));

    private sealed record Requirement(string Key, string Operator, ImmutableArray<string> Values)
    {
        public bool Holds(IReadOnlyDictionary<string, string> labels)
        {
            var has = labels.TryGetValue(Key, out var value);
            return Operator switch
            {
                "In" => has && Values.Contains(value!, StringComparer.Ordinal),
                "NotIn" => !has || !Values.Contains(value!, StringComparer.Ordinal),
                "Exists" => has,
                "DoesNotExist" => !has,
                _ => false,
            };
        }

        public override string ToString() => Operator switch
        {
            "In" when Values.Length == 1 => $"{Key}={Values[0]}",
            "In" => $"{Key} in ({string.Join(",", Values.Order(StringComparer.Ordinal))})",
            "NotIn" => $"{Key} notin ({string.Join(",", Values.Order(StringComparer.Ordinal))})",
            "Exists" => Key,
            _ => $"!{Key}",
        };
    }
}
