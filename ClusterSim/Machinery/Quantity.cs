using System.Globalization;
using System.Numerics;

namespace ClusterSim.Machinery;

/// <summary>How a quantity is written.</summary>
internal enum QuantityFormat
{
    /// <summary>Suffixes of 1000: n u m "" k M G T P E.</summary>
    DecimalSI,

    /// <summary>Suffixes of 1024: Ki Mi Gi Ti Pi Ei.</summary>
    BinarySI,

    /// <summary>A power of ten: 12e6.</summary>
    DecimalExponent,
}

/// <summary>
/// A fixed-point number such as <c>500m</c> or <c>128Mi</c>: <c>k8s.io/apimachinery/pkg/api/resource.Quantity</c>. Kept exactly, in nanos;
/// finer digits are rounded up, as there.
/// </summary>
/// <param name="Nanos">The value in billionths.</param>
/// <param name="Format">How it is written.</param>
internal readonly record struct Quantity(BigInteger Nanos, QuantityFormat Format) : IComparable<Quantity>
{
    /// <summary>What an unreadable quantity is told.</summary>
    public const string Malformed = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

    private const string UnreadableSuffix = "unable to parse quantity's suffix";
    private const int DigitsMax = 200;

    // No resource is that large or small; without a limit, a few bytes of input would make a number of gigabytes.
    private const int ExponentMax = 400;
    private static readonly BigInteger Billion = 1_000_000_000;

    // Go caps binary quantities at 2^63-1.
    private static readonly BigInteger NanosMax = long.MaxValue * Billion;

    /// <summary>Zero.</summary>
    public static Quantity Zero => new(BigInteger.Zero, QuantityFormat.DecimalSI);

    /// <summary>Whether it is zero.</summary>
    public bool IsZero => Nanos.IsZero;

    /// <summary>Below zero −1, zero 0, above 1.</summary>
    public int Sign => Nanos.Sign;

    /// <summary>The value rounded up to a whole number, within the limits of a long.</summary>
    public long Value => Ceiling(Billion);

    /// <summary>The value in thousandths rounded up, within the limits of a long.</summary>
    public long MilliValue => Ceiling(1_000_000);

    /// <summary>A whole number.</summary>
    public static Quantity Of(long value, QuantityFormat format = QuantityFormat.DecimalSI) => new(value * Billion, format);

    /// <summary>A number of thousandths.</summary>
    public static Quantity OfMilli(long value, QuantityFormat format = QuantityFormat.DecimalSI) => new(value * (BigInteger)1_000_000, format);

    /// <summary>Reads a quantity.</summary>
    /// <exception cref="FormatException">It is none; the message is Kubernetes'.</exception>
    public static Quantity Parse(string text) => TryParse(text, out var quantity, out var complaint) ? quantity : throw new FormatException(complaint);

    /// <summary>Reads a quantity; tells Kubernetes' complaint where it is none.</summary>
    public static bool TryParse(string text, out Quantity quantity, out string complaint)
    {
        quantity = default;
        complaint = Malformed;
        var at = 0;
        var negative = false;
        if (text.Length > 0 && text[0] is '+' or '-')
        {
            negative = text[0] == '-';
            at++;
        }
        var whole = Digits(text, ref at);
        var fraction = ReadOnlySpan<char>.Empty;
        if (at < text.Length && text[at] == '.')
        {
            at++;
            fraction = Digits(text, ref at);
        }
        if (text.Length == 0 || whole.Length + fraction.Length > DigitsMax)
            return false;
        var suffix = text.AsSpan(at);
        if (!IsSuffixShaped(suffix))
            return false;
        if (!ReadSuffix(suffix, out var format, out var powerOfTen, out var powerOfTwo))
        {
            complaint = UnreadableSuffix;
            return false;
        }

        var digits = BigInteger.Parse(string.Concat("0", whole, fraction), NumberStyles.None, CultureInfo.InvariantCulture);
        var scale = Math.Clamp(powerOfTen, -ExponentMax, ExponentMax) + 9 - fraction.Length;
        digits <<= powerOfTwo;
        if (scale >= 0)
            digits *= BigInteger.Pow(10, scale);
        else
            digits = CeilingDivide(digits, BigInteger.Pow(10, -scale));
        if (format == QuantityFormat.BinarySI && digits > NanosMax)
            digits = NanosMax;
        quantity = new Quantity(negative ? -digits : digits, format);
        return true;
    }

    /// <summary>
    /// What Kubernetes makes of a quantity that it reads and writes: the canonical form, save that it keeps what is already short
    /// (<c>1.500</c>, <c>+5</c>, <c>1E3</c> stay as they are: <c>ParseQuantity</c> caches the text).
    /// </summary>
    public static bool TryCanonicalise(string text, out string canonical, out string complaint)
    {
        canonical = text;
        // The common ones: up to 15 digits without a leading or, for decimals, three trailing zeros.
        if (text.Length is > 0 and <= 15 && text[0] is >= '1' and <= '9')
        {
            var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
            var number = text.AsSpan(0, digits < 0 ? text.Length : digits);
            var suffix = text.AsSpan(number.Length);
            complaint = "";
            if (suffix is "" or "m" or "k" or "M" or "G" or "T" && !number.EndsWith("000"))
                return true;
            if (suffix is "Ki" or "Mi" or "Gi" && number.Length < 7 && ((number[^1] - '0') & 1) != 0)
                return true;
        }
        if (!TryParse(text, out var quantity, out complaint))
            return false;
        canonical = KeepsItsText(text, quantity) ? text : quantity.ToString();
        return true;
    }

    private static bool KeepsItsText(string text, Quantity quantity)
    {
        if (quantity.IsZero)
            return false;
        var at = text[0] is '+' or '-' ? 1 : 0;
        while (at < text.Length && text[at] == '0')
            at++;
        var whole = Digits(text, ref at);
        var fraction = ReadOnlySpan<char>.Empty;
        var pointed = at < text.Length && text[at] == '.';
        if (pointed)
        {
            at++;
            fraction = Digits(text, ref at);
        }
        if (whole.IsEmpty || whole.Length + fraction.Length > 15 || !ReadSuffix(text.AsSpan(at), out var format, out var powerOfTen, out _))
            return false;
        if (format == QuantityFormat.BinarySI)
            return fraction.IsEmpty && long.Parse(whole, CultureInfo.InvariantCulture) % 8 != 0;
        var scale = powerOfTen - fraction.Length;
        return scale >= -9 && scale % 3 == 0 && !string.Concat(whole, fraction).EndsWith("000", StringComparison.Ordinal);
    }

    /// <inheritdoc/>
    public int CompareTo(Quantity other) => Nanos.CompareTo(other.Nanos);

    /// <summary>The sum, in the first one's format (the second's where the first is zero).</summary>
    public static Quantity operator +(Quantity a, Quantity b) => new(a.Nanos + b.Nanos, a.IsZero ? b.Format : a.Format);

    /// <summary>The difference, in the first one's format (the second's where the first is zero).</summary>
    public static Quantity operator -(Quantity a, Quantity b) => new(a.Nanos - b.Nanos, a.IsZero ? b.Format : a.Format);

    /// <summary>The opposite.</summary>
    public static Quantity operator -(Quantity a) => a with { Nanos = -a.Nanos };

    /// <summary>Whether it is less.</summary>
    public static bool operator <(Quantity a, Quantity b) => a.CompareTo(b) < 0;

    /// <summary>Whether it is more.</summary>
    public static bool operator >(Quantity a, Quantity b) => a.CompareTo(b) > 0;

    /// <summary>Whether it is less or the same.</summary>
    public static bool operator <=(Quantity a, Quantity b) => a.CompareTo(b) <= 0;

    /// <summary>Whether it is more or the same.</summary>
    public static bool operator >=(Quantity a, Quantity b) => a.CompareTo(b) >= 0;

    /// <summary>The canonical form: no fraction, the largest suffix that allows it.</summary>
    public override string ToString()
    {
        if (Nanos.IsZero)
            return "0";
        if (Format == QuantityFormat.BinarySI && BigInteger.Abs(Nanos) >= 1024 * Billion && (Nanos % Billion).IsZero)
        {
            var value = Nanos / Billion;
            var power = 0;
            while (power < 6 && (value % 1024).IsZero)
            {
                value /= 1024;
                power++;
            }
            return value.ToString(CultureInfo.InvariantCulture) + BinarySuffixes[power];
        }

        var digits = Nanos;
        var exponent = -9;
        while ((exponent < 18 || Format == QuantityFormat.DecimalExponent) && (digits % 1000).IsZero)
        {
            digits /= 1000;
            exponent += 3;
        }
        var text = digits.ToString(CultureInfo.InvariantCulture);
        if (Format == QuantityFormat.DecimalExponent)
            return exponent == 0 ? text : $"{text}e{exponent}";
        return text + DecimalSuffixes[(exponent + 9) / 3];
    }

    private static readonly string[] DecimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    private static readonly string[] BinarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

    private long Ceiling(BigInteger unit)
    {
        var value = Nanos.Sign < 0 ? Nanos / unit : CeilingDivide(Nanos, unit);
        return value > long.MaxValue ? long.MaxValue : value < long.MinValue ? long.MinValue : (long)value;
    }

    private static BigInteger CeilingDivide(BigInteger a, BigInteger b)
    {
        var quotient = BigInteger.DivRem(a, b, out var rest);
        return rest.Sign > 0 ? quotient + 1 : quotient;
    }

    private static ReadOnlySpan<char> Digits(string text, scoped ref int at)
    {
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        return text.AsSpan(start, at - start);
    }

    // [eEinumkKMGTP]*[-+]?[0-9]*
    private static bool IsSuffixShaped(ReadOnlySpan<char> suffix)
    {
        suffix = suffix.TrimStart("eEinumkKMGTP");
        if (suffix.Length > 0 && suffix[0] is '+' or '-')
            suffix = suffix[1..];
        return !suffix.ContainsAnyExceptInRange('0', '9');
    }

    private static bool ReadSuffix(ReadOnlySpan<char> suffix, out QuantityFormat format, out int powerOfTen, out int powerOfTwo)
    {
        format = QuantityFormat.DecimalSI;
        powerOfTen = powerOfTwo = 0;
        for (var i = 0; i < DecimalSuffixes.Length; i++)
        {
            if (suffix.SequenceEqual(DecimalSuffixes[i]))
            {
                powerOfTen = (i - 3) * 3;
                return true;
            }
        }
        for (var i = 1; i < BinarySuffixes.Length; i++)
        {
            if (suffix.SequenceEqual(BinarySuffixes[i]))
            {
                format = QuantityFormat.BinarySI;
                powerOfTwo = 10 * i;
                return true;
            }
        }
        format = QuantityFormat.DecimalExponent;
        return suffix.Length > 1 && suffix[0] is 'e' or 'E'
            && int.TryParse(suffix[1..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out powerOfTen);
    }
}
