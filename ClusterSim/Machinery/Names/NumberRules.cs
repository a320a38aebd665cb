using System.Globalization;
using System.Text.Json;

namespace ClusterSim.Machinery;

/// <summary>The rules of numbers: counts, ports, percentages, ids.</summary>
internal static class NumberRules
{
    /// <summary>What a negative count is told.</summary>
    public const string Negative = "must be greater than or equal to 0";

    private const long MaximumId = int.MaxValue;

    /// <summary>Zero, more, or nothing at all.</summary>
    public static void NonNegative(FieldErrors errors, JsonElement number, FieldPath path)
    {
        if (number.Integer() is { } value and < 0)
            errors.Invalid(path, value, Negative);
    }

    /// <summary>The field <paramref name="name"/> is zero, more, or not there.</summary>
    public static void NonNegative(FieldErrors errors, JsonElement parent, string name, FieldPath path)
    {
        if (parent.At(name).Integer() is { } value and < 0)
            errors.Invalid(path.Child(name), value, Negative);
    }

    /// <summary>Each of these fields is zero, more, or not there.</summary>
    public static void AllNonNegative(FieldErrors errors, JsonElement parent, FieldPath path, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            NonNegative(errors, parent, name, path);
    }

    /// <summary>A port's number.</summary>
    public static void Port(FieldErrors errors, long port, FieldPath path)
    {
        if (port is < 1 or > 65535)
            errors.Invalid(path, port, NameRules.OutOfRange(1, 65535));
    }

    /// <summary>A port's number or name.</summary>
    public static void PortOrName(FieldErrors errors, JsonElement port, FieldPath path)
    {
        if (port.Text() is { } name)
            errors.InvalidEach(path, name, NameRules.PortName(name));
        else
            Port(errors, port.Integer() ?? 0, path);
    }

    /// <summary>A user's or group's number, or nothing.</summary>
    public static void Id(FieldErrors errors, JsonElement id, FieldPath path)
    {
        if (id.Integer() is { } value and (< 0 or > MaximumId))
            errors.Invalid(path, value, NameRules.OutOfRange(0, MaximumId));
    }

    /// <summary>A count that is not negative, or a percentage.</summary>
    public static void CountOrPercent(FieldErrors errors, JsonElement value, FieldPath path)
    {
        if (value.Text() is { } text)
        {
            if (Percent(value) is null)
                errors.Invalid(path, text, "a valid percent string must be a numeric string followed by an ending '%' "
                    + "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
        }
        else
        {
            NonNegative(errors, value, path);
        }
    }

    /// <summary>No percentage above a hundred.</summary>
    public static void NotAbove100Percent(FieldErrors errors, JsonElement value, FieldPath path)
    {
        if (Percent(value) is > 100)
            errors.Invalid(path, value, "must not be greater than 100%");
    }

    /// <summary>The number or the number of per cent; 0 for anything else.</summary>
    public static long CountOrPercentValue(JsonElement value) => Percent(value) ?? value.Integer() ?? 0;

    private static long? Percent(JsonElement value) =>
        value.Text() is [.. var digits, '%'] && digits.Length > 0 && digits.All(char.IsAsciiDigit)
        && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) ? percent : null;
}
