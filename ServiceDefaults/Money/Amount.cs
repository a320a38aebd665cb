using System.Globalization;
using System.Text;

namespace ServiceDefaults.Money;

/// <summary>Amounts of money: exact decimals, never rounded on the way in.</summary>
public static class Amount
{
    /// <summary>Digits before the point an amount may have; with <see cref="DecimalsMax"/> it fits PostgreSQL's <c>numeric(19,4)</c>.</summary>
    public const int IntegerDigitsMax = 15;

    /// <summary>Digits after the point that any currency has at most.</summary>
    public const int DecimalsMax = 4;

    /// <summary>
    /// Reads a JSON number exactly. <see cref="System.Text.Json.Utf8JsonReader.TryGetDecimal"/> rounds what has more than 28 digits, and so
    /// would pay an amount that nobody asked for.
    /// </summary>
    /// <param name="number">The number as JSON writes it: <c>-?digits[.digits][e[+-]digits]</c>, already checked to be one.</param>
    /// <param name="value">The number, without trailing zeros after the point.</param>
    /// <returns><see langword="null"/> when read, else what is wrong with it, to follow the words "the value".</returns>
    public static string? Read(ReadOnlySpan<byte> number, out decimal value)
    {
        value = 0;
        var exponentAt = number.IndexOfAny((byte)'e', (byte)'E');
        var mantissa = exponentAt < 0 ? number : number[..exponentAt];
        long exponent = 0;
        if (exponentAt >= 0 && !long.TryParse(number[(exponentAt + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent))
            exponent = number[exponentAt + 1] == '-' ? long.MinValue / 2 : long.MaxValue / 2;
        exponent = Math.Clamp(exponent, int.MinValue, int.MaxValue);

        var negative = mantissa[0] == '-';
        if (negative)
            mantissa = mantissa[1..];
        var pointAt = mantissa.IndexOf((byte)'.');
        var decimals = pointAt < 0 ? 0 : mantissa.Length - pointAt - 1;

        // As digits × 10^-scale, zeros at both ends taken off.
        var digits = Encoding.ASCII.GetString(mantissa).Replace(".", "", StringComparison.Ordinal).TrimStart('0');
        var significant = digits.TrimEnd('0');
        var scale = decimals - exponent - (digits.Length - significant.Length);
        if (significant.Length == 0)
            return null;
        if (significant.Length - scale > IntegerDigitsMax)
            return $"has more than {IntegerDigitsMax} digits before the point";
        if (scale > DecimalsMax)
            return $"has more than {DecimalsMax} decimals";

        var whole = scale >= 0 ? significant : significant + new string('0', (int)-scale);
        value = decimal.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture);
        for (var i = 0; i < scale; i++)
            value /= 10;
        if (negative)
            value = -value;
        return null;
    }

    /// <summary>What is wrong with a currency, to follow the word "currency"; <see langword="null"/> where it is one.</summary>
    public static string? CurrencyFault(string currency) =>
        Currencies.TryGetDecimals(currency, out _) ? null : $"'{currency}' is not a code of ISO 4217 (three capital letters, such as EUR)";

    /// <summary>
    /// What is wrong with an amount to be paid, to follow the word "value"; <see langword="null"/> where it is positive, no more precise than its
    /// currency, and not too large. How precise it may be in a currency that is none, nobody can tell.
    /// </summary>
    public static string? ValueFault(decimal value, string currency)
    {
        if (value <= 0)
            return string.Create(CultureInfo.InvariantCulture, $"{value} is not positive");
        if (Currencies.TryGetDecimals(currency, out var decimals) && Currencies.DecimalsOf(value) > decimals)
            return string.Create(CultureInfo.InvariantCulture, $"{value} is too precise: {currency} has {decimals} decimals");
        return value >= 1_000_000_000_000_000m
            ? string.Create(CultureInfo.InvariantCulture, $"{value} is too large: at most {IntegerDigitsMax} digits before the point")
            : null;
    }

    /// <summary>The amount with as many decimals as its currency has: 10.1000 EUR is 10.10.</summary>
    public static decimal InDecimalsOf(string currency, decimal value) =>
        Currencies.TryGetDecimals(currency, out var decimals) ? decimal.Round(value, decimals) : value;
}
