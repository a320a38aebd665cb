using System.Text.Json.Nodes;

namespace WireMock.Matchers;

/// <summary>The JSON is the same: all properties, in any order, and no others; array elements in order.</summary>
public class JsonMatcher : IObjectMatcher
{
    private readonly JsonNode? _expected;

    /// <summary>Accepts this JSON text.</summary>
    public JsonMatcher(string value, bool ignoreCase = false, bool regex = false, bool ignoreArrayOrder = false)
        : this(MatchBehaviour.AcceptOnMatch, value, ignoreCase, regex, ignoreArrayOrder)
    {
    }

    /// <summary>Accepts what <paramref name="value"/> serializes to.</summary>
    public JsonMatcher(object value, bool ignoreCase = false, bool regex = false, bool ignoreArrayOrder = false)
        : this(MatchBehaviour.AcceptOnMatch, value, ignoreCase, regex, ignoreArrayOrder)
    {
    }

    /// <summary>Accepts or rejects <paramref name="value"/>, a JSON text or an object that serializes to one.</summary>
    /// <exception cref="NotSupportedException"><paramref name="regex"/> or <paramref name="ignoreArrayOrder"/> is set.</exception>
    public JsonMatcher(MatchBehaviour matchBehaviour, object value, bool ignoreCase = false, bool regex = false, bool ignoreArrayOrder = false)
    {
        if (regex)
            throw StandIn.Lacks("JsonMatcher(regex: true)");
        if (ignoreArrayOrder)
            throw StandIn.Lacks("JsonMatcher(ignoreArrayOrder: true)");
        MatchBehaviour = matchBehaviour;
        Value = value;
        IgnoreCase = ignoreCase;
        _expected = Json.Read(value);
    }

    /// <inheritdoc/>
    public virtual string Name => nameof(JsonMatcher);

    /// <inheritdoc/>
    public object Value { get; }

    /// <inheritdoc/>
    public MatchBehaviour MatchBehaviour { get; }

    /// <summary>Whether names and texts are compared without regard to case.</summary>
    public bool IgnoreCase { get; }

    /// <inheritdoc/>
    public MatchResult IsMatch(object? input) =>
        MatchResult.From(MatchBehaviour, input is not null and not byte[] && Json.TryRead(input, out var found) && Matches(_expected, found));

    private protected virtual bool Matches(JsonNode? expected, JsonNode? found) => Json.Same(expected, found, IgnoreCase, partial: false);
}

/// <summary>The JSON has at least what is expected: each property named, and for each array element one that fits.</summary>
public class JsonPartialMatcher : JsonMatcher
{
    /// <summary>Accepts JSON that has this.</summary>
    public JsonPartialMatcher(string value, bool ignoreCase = false, bool regex = false) : base(value, ignoreCase, regex)
    {
    }

    /// <summary>Accepts JSON that has what <paramref name="value"/> serializes to.</summary>
    public JsonPartialMatcher(object value, bool ignoreCase = false, bool regex = false) : base(value, ignoreCase, regex)
    {
    }

    /// <summary>Accepts or rejects JSON that has what <paramref name="value"/> serializes to.</summary>
    public JsonPartialMatcher(MatchBehaviour matchBehaviour, object value, bool ignoreCase = false, bool regex = false)
        : base(matchBehaviour, value, ignoreCase, regex)
    {
    }

    /// <inheritdoc/>
    public override string Name => nameof(JsonPartialMatcher);

    private protected override bool Matches(JsonNode? expected, JsonNode? found) => Json.Same(expected, found, IgnoreCase, partial: true);
}
