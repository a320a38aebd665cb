namespace PactNet.Matchers;

/// <summary>The matchers.</summary>
public static class Match
{
    /// <summary>A text that the expression (of Rust's kind) matches from its first sign to its last.</summary>
    public static IMatcher Regex(string example, string regex) => new Rule("regex", example, ("regex", regex));

    /// <summary>Anything of the example's type; in objects and lists, of each value's.</summary>
    public static IMatcher Type(object? example) => new Rule("type", example);

    /// <summary>A list of at least so many like the example.</summary>
    public static IMatcher MinType(object? example, int min) => MinMax(example, min, 0);

    /// <summary>A list of at most so many like the example.</summary>
    public static IMatcher MaxType(object? example, int max) => MinMax(example, 0, max);

    /// <summary>A list of so many like the example.</summary>
    public static IMatcher MinMaxType(object? example, int min, int max) => MinMax(example, min, max);

    /// <summary>A whole number.</summary>
    public static IMatcher Integer(int example) => new Rule("integer", example);

    /// <summary>A number with a fraction.</summary>
    public static IMatcher Decimal(double example) => new Rule("decimal", example);

    /// <inheritdoc cref="Decimal(double)"/>
    public static IMatcher Decimal(float example) => new Rule("decimal", example);

    /// <inheritdoc cref="Decimal(double)"/>
    public static IMatcher Decimal(decimal example) => new Rule("decimal", example);

    /// <summary>Any number.</summary>
    public static IMatcher Number(int example) => new Rule("number", example);

    /// <inheritdoc cref="Number(int)"/>
    public static IMatcher Number(double example) => new Rule("number", example);

    /// <inheritdoc cref="Number(int)"/>
    public static IMatcher Number(float example) => new Rule("number", example);

    /// <inheritdoc cref="Number(int)"/>
    public static IMatcher Number(decimal example) => new Rule("number", example);

    /// <summary>Exactly this, within what another matcher has loosened.</summary>
    public static IMatcher Equality(object? example) => new Rule("equality", example);

    /// <summary>Null.</summary>
    public static IMatcher Null() => new Rule("null", null);

    /// <summary>A text with this in it.</summary>
    public static IMatcher Include(string example) => new Rule("include", example);

    private static Rule MinMax(object? example, int min, int max)
    {
        if (min == 0 && max == 0)
            throw new ArgumentException("a list needs a minimum or a maximum, and a minimum above 0");
        var limits = new List<(string, object)>();
        if (min != 0)
            limits.Add(("min", min));
        if (max != 0)
            limits.Add(("max", max));
        return new Rule("type", new[] { example }, [.. limits]);
    }
}
