using System.Text.RegularExpressions;

namespace WireMock.Matchers;

/// <summary>The text is one of these.</summary>
public class ExactMatcher : IStringMatcher
{
    private readonly string[] _values;
    private readonly StringComparison _comparison;

    /// <summary>Accepts each of <paramref name="values"/>.</summary>
    public ExactMatcher(params string[] values) : this(ignoreCase: false, values)
    {
    }

    /// <summary>Accepts each of <paramref name="values"/>.</summary>
    public ExactMatcher(bool ignoreCase, params string[] values)
    {
        _values = values;
        _comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
    }

    /// <summary>Accepts or rejects <paramref name="value"/>, in any case.</summary>
    public ExactMatcher(MatchBehaviour matchBehaviour, string value) : this(ignoreCase: true, value) => MatchBehaviour = matchBehaviour;

    /// <inheritdoc/>
    public string Name => nameof(ExactMatcher);

    /// <inheritdoc/>
    public MatchBehaviour MatchBehaviour { get; }

    /// <inheritdoc/>
    public MatchResult IsMatch(string? input) => MatchResult.From(MatchBehaviour, _values.Any(value => string.Equals(value, input, _comparison)));
}

/// <summary>The text contains a match of the regular expression.</summary>
public class RegexMatcher : IStringMatcher
{
    private readonly Regex _expression;

    /// <summary>Accepts what <paramref name="pattern"/> matches.</summary>
    public RegexMatcher(string pattern, bool ignoreCase = false) : this(MatchBehaviour.AcceptOnMatch, pattern, ignoreCase)
    {
    }

    /// <summary>Accepts or rejects what <paramref name="pattern"/> matches.</summary>
    public RegexMatcher(MatchBehaviour matchBehaviour, string pattern, bool ignoreCase = false)
    {
        MatchBehaviour = matchBehaviour;
        _expression = new Regex(pattern, RegexOptions.Singleline | RegexOptions.CultureInvariant | (ignoreCase ? RegexOptions.IgnoreCase : RegexOptions.None),
            TimeSpan.FromSeconds(10));
    }

    /// <inheritdoc/>
    public virtual string Name => nameof(RegexMatcher);

    /// <inheritdoc/>
    public MatchBehaviour MatchBehaviour { get; }

    /// <inheritdoc/>
    public MatchResult IsMatch(string? input) => MatchResult.From(MatchBehaviour, input is not null && _expression.IsMatch(input));
}

/// <summary>The whole text fits a pattern of which <c>*</c> is anything and <c>?</c> one character.</summary>
public class WildcardMatcher : RegexMatcher
{
    /// <summary>Accepts what fits <paramref name="pattern"/>.</summary>
    public WildcardMatcher(string pattern, bool ignoreCase = false) : this(MatchBehaviour.AcceptOnMatch, pattern, ignoreCase)
    {
    }

    /// <summary>Accepts or rejects what fits <paramref name="pattern"/>.</summary>
    public WildcardMatcher(MatchBehaviour matchBehaviour, string pattern, bool ignoreCase = false)
        : base(matchBehaviour, Expression(pattern), ignoreCase)
    {
    }

    /// <inheritdoc/>
    public override string Name => nameof(WildcardMatcher);

    private static string Expression(string pattern) =>
        "^" + Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal).Replace(@"\?", ".", StringComparison.Ordinal) + "$";
}
