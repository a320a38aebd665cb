using System.Text.RegularExpressions;

namespace ClusterSim.Machinery;

/// <summary>What is wrong with a name; nothing where it is right. With <c>prefix</c> something will be appended, so a dash may end it.</summary>
internal delegate IReadOnlyList<string> NameRule(string name, bool prefix);

/// <summary>
/// The formats names have (<c>k8s.io/apimachinery/pkg/util/validation</c>), each with the sentences Kubernetes says about what breaks it.
/// The usual case, a right name, is decided without a regular expression and without an allocation.
/// </summary>
internal static partial class NameRules
{
    private const string LabelFormat = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private const string SubdomainFormat = LabelFormat + "(\\." + LabelFormat + ")*";
    private const string QualifiedFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

    private static readonly IReadOnlyList<string> Fine = [];

    /// <summary>A DNS subdomain: what most objects are called.</summary>
    public static NameRule Subdomain { get; } = (name, prefix) => DnsSubdomain(prefix ? WithoutTrailingDash(name) : name);

    /// <summary>A DNS label (RFC 1123): namespaces, services.</summary>
    public static NameRule Label { get; } = (name, prefix) => DnsLabel(prefix ? WithoutTrailingDash(name) : name);


    /// <summary>Anything that can be one segment of a URL's path: roles and bindings.</summary>
    public static NameRule PathSegment { get; } = (name, prefix) => prefix ? PathSegmentPrefix(name) : PathSegmentName(name);

    /// <summary><c>IsDNS1123Label</c>.</summary>
    public static IReadOnlyList<string> DnsLabel(string value)
    {
        if (value.Length <= 63 && IsLabel(value))
            return Fine;
        List<string> messages = [];
        if (value.Length > 63)
            messages.Add(TooLong(63));
        if (!IsLabel(value))
            messages.Add(IsSubdomain(value)
                ? "must not contain dots"
                : "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character "
                    + $"(e.g. 'my-name',  or '123-abc', regex used for validation is '{LabelFormat}')");
        return messages;
    }

    /// <summary><c>IsDNS1123Subdomain</c>.</summary>
    public static IReadOnlyList<string> DnsSubdomain(string value)
    {
        var matches = IsSubdomain(value);
        if (value.Length <= 253 && matches)
            return Fine;
        List<string> messages = [];
        if (value.Length > 253)
            messages.Add(TooLong(253));
        if (!matches)
            messages.Add("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
                + $"alphanumeric character (e.g. 'example.com', regex used for validation is '{SubdomainFormat}')");
        return messages;
    }

    /// <summary><c>IsDNS1123SubdomainWithUnderscore</c>: DNS search paths.</summary>
    public static IReadOnlyList<string> DnsSubdomainWithUnderscore(string value)
    {
        List<string> messages = [];
        if (value.Length > 253)
            messages.Add(TooLong(253));
        if (!UnderscoreSubdomain().IsMatch(value))
            messages.Add("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an "
                + $"alphanumeric character (e.g. 'example.com', regex used for validation is '{UnderscoreFormat}')");
        return messages;
    }

    /// <summary><c>IsWildcardDNS1123Subdomain</c>: hosts such as <c>*.example.com</c>.</summary>
    public static IReadOnlyList<string> WildcardSubdomain(string value)
    {
        var matches = value.StartsWith("*.", StringComparison.Ordinal) && IsSubdomain(value.AsSpan(2));
        if (value.Length <= 253 && matches)
            return Fine;
        List<string> messages = [];
        if (value.Length > 253)
            messages.Add(TooLong(253));
        if (!matches)
            messages.Add("a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric "
                + $"characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.{SubdomainFormat}')");
        return messages;
    }

    /// <summary><c>IsDNS1035Label</c>.</summary>
    public static IReadOnlyList<string> Dns1035Label(string value)
    {
        var matches = IsLabel(value) && value[0] is >= 'a' and <= 'z';
        if (value.Length <= 63 && matches)
            return Fine;
        List<string> messages = [];
        if (value.Length > 63)
            messages.Add(TooLong(63));
        if (!matches)
            messages.Add("a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
                + "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')");
        return messages;
    }

    /// <summary><c>IsQualifiedName</c>: label and annotation keys, finalizers, conditions.</summary>
    public static IReadOnlyList<string> QualifiedName(string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        var name = value.AsSpan(slash + 1);
        if (name.Length is > 0 and <= 63 && IsQualifiedPart(name) && (slash < 0 || (slash is > 0 and <= 253 && IsSubdomain(value.AsSpan(0, slash)))))
            return Fine;

        List<string> messages = [];
        if (slash >= 0)
        {
            if (name.Contains('/'))
                return
                [
                    "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
                        + $"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QualifiedFormat}') "
                        + "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                ];
            if (slash == 0)
                messages.Add("prefix part must be non-empty");
            else
                foreach (var message in DnsSubdomain(value[..slash]))
                    messages.Add("prefix part " + (value[..slash].Length > 253 && message == TooLong(253) ? TooLongInBytes(253) : message));
        }
        if (name.Length == 0)
            messages.Add("name part must be non-empty");
        else if (name.Length > 63)
            messages.Add("name part " + TooLongInBytes(63));
        if (!IsQualifiedPart(name))
            messages.Add("name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
                + $"(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{QualifiedFormat}')");
        return messages;
    }

    /// <summary><c>IsValidLabelValue</c>.</summary>
    public static IReadOnlyList<string> LabelValue(string value)
    {
        var matches = value.Length == 0 || IsQualifiedPart(value);
        if (value.Length <= 63 && matches)
            return Fine;
        List<string> messages = [];
        if (value.Length > 63)
            messages.Add(TooLongInBytes(63));
        if (!matches)
            messages.Add("a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
                + "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
                + "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
        return messages;
    }

    /// <summary><c>IsConfigMapKey</c>: keys of ConfigMaps and Secrets, which become file names.</summary>
    public static IReadOnlyList<string> ConfigMapKey(string value)
    {
        if (value.Length is > 0 and <= 253 && value != "." && !value.StartsWith("..", StringComparison.Ordinal) && IsKey(value))
            return Fine;
        List<string> messages = [];
        if (value.Length > 253)
            messages.Add(TooLong(253));
        if (!IsKey(value))
            messages.Add("a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
                + "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')");
        if (value == ".")
            messages.Add("must not be '.'");
        else if (value == "..")
            messages.Add("must not be '..'");
        else if (value.StartsWith("..", StringComparison.Ordinal))
            messages.Add("must not start with '..'");
        return messages;
    }

    /// <summary><c>IsRelaxedEnvVarName</c>: printable ASCII other than the equals sign.</summary>
    public static IReadOnlyList<string> EnvironmentName(string value)
    {
        if (value.Length == 0)
            return ["environment variable name must be non-empty"];
        foreach (var letter in value)
            if (letter is < ' ' or > '~' or '=')
                return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
        return Fine;
    }

    /// <summary><c>IsHTTPHeaderName</c>.</summary>
    public static IReadOnlyList<string> HttpHeaderName(string value) =>
        value.Length > 0 && value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-')
            ? Fine
            : ["a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"];

    /// <summary><c>IsValidPortName</c>: names of ports, an IANA service name.</summary>
    public static IReadOnlyList<string> PortName(string value)
    {
        List<string>? messages = null;
        if (value.Length > 15)
            (messages ??= []).Add(TooLong(15));
        if (value.Length == 0 || !value.All(letter => char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'))
            (messages ??= []).Add("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
        if (!value.Any(char.IsAsciiLetterLower))
            (messages ??= []).Add("must contain at least one letter (a-z)");
        if (value.Contains("--", StringComparison.Ordinal))
            (messages ??= []).Add("must not contain consecutive hyphens");
        if (value.StartsWith('-') || value.EndsWith('-'))
            (messages ??= []).Add("must not begin or end with a hyphen");
        return messages ?? Fine;
    }

    /// <summary><c>IsPathSegmentName</c>.</summary>
    public static IReadOnlyList<string> PathSegmentName(string name) => name switch
    {
        "." => ["may not be '.'"],
        ".." => ["may not be '..'"],
        _ => PathSegmentPrefix(name),
    };

    /// <summary><c>IsDomainPrefixedPath</c>, as its errors: names such as <c>acme.io/foo</c>.</summary>
    public static void DomainPrefixedPath(FieldErrors errors, FieldPath path, string value)
    {
        if (value.Length == 0)
        {
            errors.Required(path);
            return;
        }
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0 || slash == value.Length - 1)
        {
            errors.Invalid(path, value, "must be a domain-prefixed path (such as \"acme.io/foo\")");
            return;
        }
        errors.InvalidEach(path, value[..slash], DnsSubdomain(value[..slash]));
        if (!HttpPath().IsMatch(value[(slash + 1)..]))
            errors.Invalid(path, value[(slash + 1)..], $"Invalid path (regex used for validation is '{HttpPathFormat}')");
    }

    /// <summary>The sentence about a name that is too long (<c>util/validation.MaxLenError</c>).</summary>
    public static string TooLong(int maximum) => $"must be no more than {maximum} characters";

    /// <summary>The sentence about keys and values of labels (<c>validate/content.MaxLenError</c>).</summary>
    private static string TooLongInBytes(int maximum) => $"must be no more than {maximum} bytes";

    /// <summary>The sentence about a number out of range, both ends included.</summary>
    public static string OutOfRange(long minimum, long maximum) => $"must be between {minimum} and {maximum}, inclusive";

    /// <summary>Whether this is a DNS subdomain, however long.</summary>
    public static bool IsSubdomain(ReadOnlySpan<char> value)
    {
        foreach (var part in value.Split('.'))
            if (!IsLabel(value[part]))
                return false;
        return true;
    }

    // A trailing dash before a generated suffix is no fault.
    private static string WithoutTrailingDash(string name) => name.Length > 1 && name.EndsWith('-') ? string.Concat(name.AsSpan(0, name.Length - 2), "a") : name;

    private static IReadOnlyList<string> PathSegmentPrefix(string name)
    {
        List<string>? messages = null;
        if (name.Contains('/', StringComparison.Ordinal))
            (messages ??= []).Add("may not contain '/'");
        if (name.Contains('%', StringComparison.Ordinal))
            (messages ??= []).Add("may not contain '%'");
        return messages ?? Fine;
    }

    private static bool IsLabel(ReadOnlySpan<char> value)
    {
        if (value.Length == 0 || value[0] == '-' || value[^1] == '-')
            return false;
        foreach (var letter in value)
            if (!(char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter) || letter == '-'))
                return false;
        return true;
    }

    private static bool IsQualifiedPart(ReadOnlySpan<char> value)
    {
        if (value.Length == 0 || !char.IsAsciiLetterOrDigit(value[0]) || !char.IsAsciiLetterOrDigit(value[^1]))
            return false;
        foreach (var letter in value)
            if (!(char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'))
                return false;
        return true;
    }

    private static bool IsKey(string value)
    {
        foreach (var letter in value)
            if (!(char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'))
                return false;
        return value.Length > 0;
    }

    private const string UnderscoreLabel = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?";
    private const string UnderscoreFormat = UnderscoreLabel + "(\\." + UnderscoreLabel + ")*";
    private const string HttpPathFormat = @"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+";

    [GeneratedRegex("^" + UnderscoreFormat + "\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UnderscoreSubdomain();

    [GeneratedRegex("^" + HttpPathFormat + "\\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HttpPath();
}
