using System.Globalization;
using System.Text.Json;

namespace ClusterSim.Machinery;

/// <summary>
/// The number a quantity stands for, for the rules that compare quantities. Objects that reach validation hold quantities that were
/// decoded, hence well-formed; their text is what messages show.
/// </summary>
internal static class Amount
{
    /// <summary>The number; zero for what is no quantity.</summary>
    public static decimal Of(JsonElement quantity) => quantity.ValueKind switch
    {
        JsonValueKind.String => Of(quantity.GetString()!),
        JsonValueKind.Number when quantity.TryGetDecimal(out var number) => number,
        _ => 0,
    };

    /// <summary>As it would be shown.</summary>
    public static string Text(JsonElement quantity) => quantity.ValueKind switch
    {
        JsonValueKind.String => quantity.GetString()!,
        JsonValueKind.Number => quantity.GetRawText(),
        _ => "0",
    };

    /// <summary>Whether it is a whole number.</summary>
    public static bool IsWhole(JsonElement quantity) => decimal.IsInteger(Of(quantity));

    private static decimal Of(string text)
    {
        var end = text.Length;
        while (end > 0 && !char.IsAsciiDigit(text[end - 1]) && text[end - 1] != '.')
            end--;
        var (scale, digits) = text[end..] switch
        {
            "" => (1m, text),
            "n" => (0.000000001m, text[..end]),
            "u" => (0.000001m, text[..end]),
            "m" => (0.001m, text[..end]),
            "k" => (1000m, text[..end]),
            "M" => (1000_000m, text[..end]),
            "G" => (1000_000_000m, text[..end]),
            "T" => (1000_000_000_000m, text[..end]),
            "P" => (1000_000_000_000_000m, text[..end]),
            "E" => (1000_000_000_000_000_000m, text[..end]),
            "Ki" => (1024m, text[..end]),
            "Mi" => (1048576m, text[..end]),
            "Gi" => (1073741824m, text[..end]),
            "Ti" => (1099511627776m, text[..end]),
            "Pi" => (1125899906842624m, text[..end]),
            "Ei" => (1152921504606846976m, text[..end]),
            _ => (1m, text),
        };
        if (!decimal.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return 0;
        try
        {
            return number * scale;
        }
        catch (OverflowException)
        {
            return number < 0 ? decimal.MinValue : decimal.MaxValue;
        }
    }
}
