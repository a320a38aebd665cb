using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Net.Mail;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace ClusterSim.CustomResources;

/// <summary>The formats of strings that Kubernetes knows in schemas (<c>k8s.io/kube-openapi/pkg/validation/strfmt</c>); others are ignored.</summary>
internal static partial class SchemaFormats
{
    private static readonly FrozenDictionary<string, Func<string, bool>> Rules = new Dictionary<string, Func<string, bool>>(StringComparer.Ordinal)
    {
        ["bsonobjectid"] = text => text.Length == 24 && text.All(char.IsAsciiHexDigit),
        ["uri"] = IsRequestUri,
        ["email"] = text => MailAddress.TryCreate(text, out _),
        ["hostname"] = IsHostname,
        ["ipv4"] = text => text.Contains('.', StringComparison.Ordinal) && IPAddress.TryParse(text, out _) && text.Count(letter => letter == '.') >= 3,
        ["ipv6"] = text => text.Contains(':', StringComparison.Ordinal) && IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6,
        ["cidr"] = IsCidr,
        ["mac"] = text => Mac().IsMatch(text),
        ["uuid"] = text => Uuid().IsMatch(text),
        ["uuid3"] = text => Uuid().IsMatch(text) && Digits(text)[12] == '3',
        ["uuid4"] = text => Uuid().IsMatch(text) && Digits(text)[12] == '4' && "89abAB".Contains(Digits(text)[16], StringComparison.Ordinal),
        ["uuid5"] = text => Uuid().IsMatch(text) && Digits(text)[12] == '5' && "89abAB".Contains(Digits(text)[16], StringComparison.Ordinal),
        ["isbn"] = text => IsIsbn10(text) || IsIsbn13(text),
        ["isbn10"] = IsIsbn10,
        ["isbn13"] = IsIsbn13,
        ["creditcard"] = IsCreditCard,
        ["ssn"] = text => SocialSecurity().IsMatch(text),
        ["hexcolor"] = text => HexColor().IsMatch(text),
        ["rgbcolor"] = text => RgbColor().IsMatch(text),
        ["byte"] = text => Base64Text().IsMatch(text) && text.Length > 0,
        ["password"] = _ => true,
        ["date"] = text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        ["duration"] = text => GoDuration.TryParse(text, out _, out _) || ScalaDuration().IsMatch(text),
        ["datetime"] = text => DateTime().IsMatch(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _),
        ["k8sshortname"] = text => NameRules.DnsLabel(text).Count == 0,
        ["k8slongname"] = text => NameRules.DnsSubdomain(text).Count == 0,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The format where Kubernetes enforces it on these types; else empty.</summary>
    public static string Effective(IReadOnlyList<string> types, string format) => (types.Count == 1 ? types[0] : "") switch
    {
        "integer" => format is "int32" or "int64" ? format : "",
        "number" => format is "float" or "double" ? format : "",
        "" or "string" => IsKnown(format) ? format : "",
        _ => "",
    };

    /// <summary>Whether strings are checked against it.</summary>
    public static bool IsKnown(string format) => format.Length > 0 && Rules.ContainsKey(Normalized(format));

    /// <summary>Whether a string has the format.</summary>
    public static bool Fits(string format, string text) => Rules[Normalized(format)](text);

    private static string Normalized(string format) => format.Replace("-", "", StringComparison.Ordinal);

    private static string Digits(string uuid) => Normalized(uuid);

    // net/url.ParseRequestURI: absolute, or a path from the root.
    private static bool IsRequestUri(string text) =>
        text.StartsWith('/') || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && text.Contains(':', StringComparison.Ordinal) && uri.Scheme.Length > 0 && !text.Contains(' ', StringComparison.Ordinal));

    private static bool IsHostname(string text) => text.Length <= 255 && Hostname().IsMatch(text) && text.Split('.').All(part => part.Length <= 63);

    private static bool IsCidr(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && IPAddress.TryParse(text.AsSpan(0, slash), out var address)
            && int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits)
            && bits <= (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
            && (address.AddressFamily == AddressFamily.InterNetworkV6 || text.AsSpan(0, slash).Count('.') == 3);
    }

    private static bool IsIsbn10(string text)
    {
        var digits = text.Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
        if (digits.Length != 10 || !digits[..9].All(char.IsAsciiDigit) || !(char.IsAsciiDigit(digits[9]) || digits[9] == 'X'))
            return false;
        var sum = digits.Select((letter, place) => (place + 1) * (letter == 'X' ? 10 : letter - '0')).Sum();
        return sum % 11 == 0;
    }

    private static bool IsIsbn13(string text)
    {
        var digits = text.Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
        return digits.Length == 13 && digits.All(char.IsAsciiDigit) && digits.Select((letter, place) => (place % 2 == 0 ? 1 : 3) * (letter - '0')).Sum() % 10 == 0;
    }

    private static bool IsCreditCard(string text)
    {
        var digits = string.Concat(text.Where(char.IsAsciiDigit));
        if (!CreditCard().IsMatch(digits))
            return false;
        var sum = digits.Reverse().Select((letter, place) => place % 2 == 0 ? letter - '0' : (letter - '0') * 2).Select(digit => digit > 9 ? digit - 9 : digit).Sum();
        return sum % 10 == 0;
    }

    [GeneratedRegex(@"^([0-9A-Fa-f]{2}([:-])([0-9A-Fa-f]{2}\2){4,18}[0-9A-Fa-f]{2}|([0-9A-Fa-f]{4}\.){2,9}[0-9A-Fa-f]{4})\z")]
    private static partial Regex Mac();

    [GeneratedRegex(@"^[0-9A-Fa-f]{8}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{4}-?[0-9A-Fa-f]{12}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Uuid();

    [GeneratedRegex(@"^[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}\z", RegexOptions.NonBacktracking)]
    private static partial Regex SocialSecurity();

    [GeneratedRegex(@"^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\z", RegexOptions.NonBacktracking)]
    private static partial Regex HexColor();

    [GeneratedRegex(@"^rgb\(\s*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])\s*,\s*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])\s*,\s*(0|[1-9][0-9]?|1[0-9][0-9]?|2[0-4][0-9]|25[0-5])\s*\)\z", RegexOptions.NonBacktracking)]
    private static partial Regex RgbColor();

    [GeneratedRegex(@"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})\z", RegexOptions.NonBacktracking)]
    private static partial Regex Base64Text();

    [GeneratedRegex(@"^[0-9]+ ?(ns|us|ms|s|m|h|d|w|nanos?|micros?|millis?|secs?|mins?|hours?|days?|weeks?|nanoseconds?|microseconds?|milliseconds?|seconds?|minutes?)\z", RegexOptions.NonBacktracking)]
    private static partial Regex ScalaDuration();

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]+)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?\z", RegexOptions.NonBacktracking)]
    private static partial Regex DateTime();

    [GeneratedRegex(@"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\p{S}\p{L}-]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})\z", RegexOptions.NonBacktracking)]
    private static partial Regex Hostname();

    [GeneratedRegex(@"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11})\z", RegexOptions.NonBacktracking)]
    private static partial Regex CreditCard();
}
