using System.Globalization;
using System.Text.Json;

namespace ClusterSim.Machinery;

/// <summary>A number or a percentage of a total (<c>intstr.GetScaledValueFromIntOrPercent</c>).</summary>
internal static class IntOrPercent
{
    /// <summary>The number meant, of <paramref name="total"/>; <paramref name="absent"/> where there is none.</summary>
    /// <exception cref="FormatException">Neither a number nor a percentage.</exception>
    public static int Of(JsonElement value, int total, bool roundUp, int absent = 0)
    {
        if (value.Integer() is { } number)
            return (int)number;
        if (value.Text() is not { } text)
            return absent;
        if (!text.EndsWith('%') || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var percent))
            throw new FormatException($"invalid value for IntOrString: invalid type: string is not a percentage: \"{text}\"");
        var exact = (long)percent * total;
        return (int)(roundUp ? (exact + 99) / 100 : exact / 100);
    }
}
