using System.Collections.Frozen;

namespace ServiceDefaults.Money;

/// <summary>
/// ISO 4217's active codes and their minor units (list one, 2026-01-01), without those that have none: metals, bond units, test codes.
/// </summary>
public static class Currencies
{
    private const string NoDecimals = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
    private const string ThreeDecimals = "BHD IQD JOD KWD LYD OMR TND";
    private const string FourDecimals = "CLF UYW";
    private const string TwoDecimals =
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP "
        + "CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD "
        + "KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR "
        + "PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU "
        + "UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG";

    private static readonly FrozenDictionary<string, int> Decimals =
        new[] { (NoDecimals, 0), (TwoDecimals, 2), (ThreeDecimals, 3), (FourDecimals, 4) }
            .SelectMany(group => group.Item1.Split(' ').Select(code => KeyValuePair.Create(code, group.Item2)))
            .ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> DecimalsByLetters = Decimals.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>All codes.</summary>
    public static IReadOnlyCollection<string> Codes => Decimals.Keys;

    /// <summary>How many decimals an amount of <paramref name="code"/> (three upper-case letters) may have.</summary>
    /// <returns>False when there is no such currency.</returns>
    public static bool TryGetDecimals(string code, out int decimals) => Decimals.TryGetValue(code, out decimals);

    /// <summary>As <see cref="TryGetDecimals"/>, of a code in ASCII; <see langword="null"/> when there is no such currency.</summary>
    public static int? DecimalsOf(ReadOnlySpan<byte> code)
    {
        const int codeLength = 3;
        if (code.Length != codeLength)
            return null;
        Span<char> letters = [(char)code[0], (char)code[1], (char)code[2]];
        return DecimalsByLetters.TryGetValue(letters, out var decimals) ? decimals : null;
    }

    /// <summary>The digits after the point that <paramref name="amount"/> really needs: trailing zeros don't count.</summary>
    public static int DecimalsOf(decimal amount)
    {
        // Division by one with 28 decimals strips trailing zeros from the scale (System.Decimal's documented normalization).
        return (amount / 1.0000000000000000000000000000m).Scale;
    }
}
