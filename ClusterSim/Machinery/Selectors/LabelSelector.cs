using System.Text.Json;

namespace ClusterSim.Machinery;

/// <summary>How a requirement looks at a label.</summary>
internal enum SelectorOperator
{
    /// <summary><c>key in (a, b)</c>; <c>key=a</c>.</summary>
    In,

    /// <summary><c>key notin (a, b)</c>; <c>key!=a</c>. Holds where the label is absent.</summary>
    NotIn,

    /// <summary><c>key</c>.</summary>
    Exists,

    /// <summary><c>!key</c>.</summary>
    DoesNotExist,

    /// <summary><c>key&gt;1</c>.</summary>
    GreaterThan,

    /// <summary><c>key&lt;1</c>.</summary>
    LessThan,
}

/// <summary>One condition on labels.</summary>
/// <param name="Key">The label.</param>
/// <param name="Operator">How it is looked at.</param>
/// <param name="Values">Sorted, distinct.</param>
/// <param name="Sign">How it was written: <c>=</c>, <c>==</c>, <c>!=</c>; null for the rest.</param>
internal sealed record SelectorRequirement(string Key, SelectorOperator Operator, IReadOnlyList<string> Values, string? Sign = null)
{
    /// <summary>Whether labels meet it.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        var has = labels.TryGetValue(Key, out var value);
        return Operator switch
        {
            SelectorOperator.In => has && Values.Contains(value, StringComparer.Ordinal),
            SelectorOperator.NotIn => !has || !Values.Contains(value, StringComparer.Ordinal),
            SelectorOperator.Exists => has,
            SelectorOperator.DoesNotExist => !has,
            _ => has && long.TryParse(value, out var number) && long.TryParse(Values[0], out var bound)
                && (Operator == SelectorOperator.GreaterThan ? number > bound : number < bound),
        };
    }

    /// <inheritdoc/>
    public override string ToString() => Operator switch
    {
        SelectorOperator.Exists => Key,
        SelectorOperator.DoesNotExist => "!" + Key,
        SelectorOperator.GreaterThan => $"{Key}>{Values[0]}",
        SelectorOperator.LessThan => $"{Key}<{Values[0]}",
        _ when Sign is not null => $"{Key}{Sign}{Values[0]}",
        SelectorOperator.In => $"{Key} in ({string.Join(',', Values)})",
        _ => $"{Key} notin ({string.Join(',', Values)})",
    };
}

/// <summary>
/// Which labels are wanted: all requirements hold. <c>labels.Selector</c> of apimachinery. A selector without requirements wants everything;
/// <see cref="Nothing"/> wants nothing.
/// </summary>
internal sealed class LabelSelector
{
    private readonly bool _nothing;

    private LabelSelector(IEnumerable<SelectorRequirement> requirements, bool nothing = false)
    {
        Requirements = [.. requirements.OrderBy(requirement => requirement.Key, StringComparer.Ordinal)];
        _nothing = nothing;
    }

    /// <summary>Wants everything.</summary>
    public static LabelSelector Everything { get; } = new([]);

    /// <summary>Wants nothing: what an absent selector of an object means.</summary>
    public static LabelSelector Nothing { get; } = new([], nothing: true);

    /// <summary>The requirements, by key.</summary>
    public IReadOnlyList<SelectorRequirement> Requirements { get; }

    /// <summary>Whether it wants everything.</summary>
    public bool IsEmpty => Requirements.Count == 0 && !_nothing;

    /// <summary>A selector of these requirements.</summary>
    public static LabelSelector Of(IEnumerable<SelectorRequirement> requirements) => new(requirements);

    /// <summary>A selector of these labels, as <c>matchLabels</c> or a Service's selector says it.</summary>
    public static LabelSelector Of(IReadOnlyDictionary<string, string> labels) =>
        new(labels.Select(label => new SelectorRequirement(label.Key, SelectorOperator.In, [label.Value], "=")));

    /// <summary>
    /// The selector that an object's <c>metav1.LabelSelector</c> field says: nothing where the field is absent, everything where it is empty.
    /// An operator that validation would refuse wants nothing.
    /// </summary>
    public static LabelSelector FromObject(JsonElement selector)
    {
        if (!selector.Exists())
            return Nothing;
        var requirements = selector.At("matchLabels").TextMap().Select(label => new SelectorRequirement(label.Key, SelectorOperator.In, [label.Value], "=")).ToList();
        foreach (var expression in selector.At("matchExpressions").Items())
        {
            if (!Enum.TryParse<SelectorOperator>(expression.At("operator").Text(""), out var @operator) || @operator > SelectorOperator.DoesNotExist)
                return Nothing;
            requirements.Add(new(expression.At("key").Text(""), @operator, Sorted(expression.At("values").Items().Select(value => value.Text("")))));
        }
        return new(requirements);
    }

    /// <summary>Reads the query syntax: <c>a=b,c!=d,e in (f,g),h,!i,j&gt;1</c>.</summary>
    /// <exception cref="KubernetesApiException">400: it cannot be read; the words are apimachinery's.</exception>
    public static LabelSelector Parse(string text)
    {
        try
        {
            return new(new LabelSelectorParser(text).Read());
        }
        catch (FormatException complaint)
        {
            throw KubernetesApiException.BadRequest(complaint.Message);
        }
    }

    /// <summary>Whether labels are wanted.</summary>
    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        if (_nothing)
            return false;
        foreach (var requirement in Requirements)
            if (!requirement.Matches(labels))
                return false;
        return true;
    }

    /// <summary>The canonical form: requirements by key, values sorted.</summary>
    public override string ToString() => string.Join(',', Requirements);

    /// <summary>Sorted and distinct.</summary>
    internal static IReadOnlyList<string> Sorted(IEnumerable<string> values) => [.. values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
