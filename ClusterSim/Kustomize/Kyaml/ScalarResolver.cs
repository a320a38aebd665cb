using System.Globalization;
using System.Text.RegularExpressions;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>
/// Reads plain scalars as goyaml.v3 does (<c>resolve.go</c>): YAML 1.2 with the octal numbers of YAML 1.1. Words such as <c>yes</c> are strings, unlike
/// in <see cref="ClusterSim.Machinery.YamlConversion"/>, which reads what kubectl applies.
/// </summary>
internal static partial class ScalarResolver
{
    private static readonly IReadOnlyList<string> TimestampFormats =
        ["yyyy-M-d'T'H:m:s.FFFFFFFK", "yyyy-M-d't'H:m:s.FFFFFFFK", "yyyy-M-d H:m:s.FFFFFFF", "yyyy-M-d"];

    /// <summary>Returns the type of a plain scalar.</summary>
    public static ScalarTag Resolve(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return ScalarTag.Null;
            case "true" or "True" or "TRUE" or "false" or "False" or "FALSE":
                return ScalarTag.Bool;
            case ".nan" or ".NaN" or ".NAN" or ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" or "-.inf" or "-.Inf" or "-.INF":
                return ScalarTag.Float;
        }
        if (text[0] is not ((>= '0' and <= '9') or '-' or '+' or '.'))
            return ScalarTag.Str;
        if (Time(text) is not null)
            return ScalarTag.Timestamp;
        if (Integer(text) is not null)
            return ScalarTag.Int;
        return Float(text) is not null ? ScalarTag.Float : ScalarTag.Str;
    }

    /// <summary>Returns the integer that a text is; null where it is none.</summary>
    public static Int128? Integer(string text)
    {
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        var negative = digits.StartsWith('-');
        var body = digits.AsSpan(digits.StartsWith('-') || digits.StartsWith('+') ? 1 : 0);
        var radix = body switch
        {
            ['0', 'x' or 'X', ..] => 16,
            ['0', 'b' or 'B', ..] => 2,
            ['0', 'o' or 'O', ..] or ['0', _, ..] => 8,
            _ => 10,
        };
        var marked = body.Length > 1 && char.IsAsciiLetter(body[1]) ? 2 : 1;
        var rest = radix == 10 ? body : body[marked..];
        if (rest.IsEmpty)
            return null;
        Int128 value = 0;
        foreach (var letter in rest)
        {
            var digit = char.IsAsciiHexDigit(letter) ? Convert.ToInt32(letter.ToString(), 16) : radix;
            if (digit >= radix)
                return null;
            value = (value * radix) + digit;
            if (value > ulong.MaxValue)
                return null;
        }
        return !negative ? value : value <= (Int128)long.MaxValue + 1 ? -value : null;
    }

    /// <summary>Returns the number that a text is; null where it is none.</summary>
    public static double? Float(string text)
    {
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        return FloatPattern().IsMatch(digits) && double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>Returns the moment that a text is; null where it is none.</summary>
    public static DateTimeOffset? Time(string text)
    {
        if (text.Length < 8 || !char.IsAsciiDigit(text[0]) || !char.IsAsciiDigit(text[3]) || text[4] != '-')
            return null;
        foreach (var format in TimestampFormats)
            if (DateTimeOffset.TryParseExact(text, format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
                return time;
        return null;
    }

    /// <summary>Returns whether a text is a boolean of YAML 1.1 or 1.2, in any of the spellings that goyaml.v2 knows.</summary>
    public static bool IsYaml11Bool(string text) => text
        is "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF"
        or "true" or "True" or "TRUE" or "false" or "False" or "FALSE";

    /// <summary>Returns whether a text is a number in base 60, as YAML 1.1 has them.</summary>
    public static bool IsBase60(string text) => Base60Pattern().IsMatch(text);

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")]
    private static partial Regex FloatPattern();

    [GeneratedRegex(@"^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$")]
    private static partial Regex Base60Pattern();
}
