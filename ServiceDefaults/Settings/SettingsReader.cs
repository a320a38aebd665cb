using System.Globalization;
using Processes;

namespace ServiceDefaults.Settings;

/// <summary>
/// A process's settings: environment variables, over which arguments of the form <c>--NAME=value</c> (or <c>--NAME value</c>) win.
/// Reading never throws: what is wrong or missing is collected in <see cref="Faults"/>, so that one start tells all of it.
/// </summary>
public sealed class SettingsReader
{
    /// <summary>What .NET's own hosting tools pass to every program (Microsoft.AspNetCore.Mvc.Testing among them); none is a setting of ours.</summary>
    private static readonly string[] HostArguments = ["environment", "contentRoot", "applicationName", "urls"];

    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly Dictionary<string, string> _arguments = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<string> _faults = [];

    /// <summary>Takes the settings of <paramref name="process"/>; nothing of the machine's own.</summary>
    public SettingsReader(ServiceProcess process)
    {
        _environment = process.Environment;
        for (var i = 0; i < process.Arguments.Count; i++)
        {
            var argument = process.Arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal) || argument.Length == 2)
            {
                _faults.Add($"argument {i + 1}: found {Quote(argument)}, should be --NAME=value");
                continue;
            }

            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
                _arguments[argument[2..equals]] = argument[(equals + 1)..];
            else if (i + 1 < process.Arguments.Count)
                _arguments[argument[2..]] = process.Arguments[++i];
            else
                _faults.Add($"argument {i + 1}: found {Quote(argument)} without a value, should be --NAME=value");
        }
    }

    /// <summary>A line for each fault: the setting, what was found, what would be right. Complete once everything was read.</summary>
    public IReadOnlyList<string> Faults =>
    [
        .. _faults,
        .. _arguments.Keys.Where(name => !_names.Contains(name) && !HostArguments.Contains(name, StringComparer.OrdinalIgnoreCase))
            .Select(name => $"argument --{name}: no such setting, should be one of {string.Join(", ", _names)}"),
    ];

    /// <summary>Adds a fault that only the caller can see.</summary>
    public void Fault(string setting, string found, string right) => _faults.Add($"setting {setting}: {found}, should be {right}");

    /// <summary>The raw value, or <see langword="null"/> when it is not set. An empty value counts as not set.</summary>
    public string? Optional(string name)
    {
        _names.Add(name);
        return (_arguments.TryGetValue(name, out var value) || _environment.TryGetValue(name, out value)) && value.Length > 0 ? value : null;
    }

    /// <summary>A text that must be there.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="right">What it should be, for the fault.</param>
    public string Required(string name, string right)
    {
        if (Optional(name) is { } value)
            return value;
        Fault(name, "missing", right);
        return "";
    }

    /// <summary>A whole number within bounds (both included).</summary>
    public int Integer(string name, int fallback, int min, int max)
    {
        if (Optional(name) is not { } text)
            return fallback;
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
            return value;
        Fault(name, $"found {Quote(text)}", $"a whole number from {min} to {max} (default {fallback})");
        return fallback;
    }

    /// <summary>A span of time, given in seconds with decimals, within bounds (both included).</summary>
    public TimeSpan Seconds(string name, double fallback, double min, double max)
    {
        if (Optional(name) is not { } text)
            return TimeSpan.FromSeconds(fallback);
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
            return TimeSpan.FromSeconds(value);
        Fault(name, $"found {Quote(text)}", string.Create(CultureInfo.InvariantCulture, $"seconds from {min} to {max} (default {fallback})"));
        return TimeSpan.FromSeconds(fallback);
    }

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool Boolean(string name, bool fallback)
    {
        if (Optional(name) is not { } text)
            return fallback;
        if (bool.TryParse(text, out var value))
            return value;
        Fault(name, $"found {Quote(text)}", $"true or false (default {(fallback ? "true" : "false")})");
        return fallback;
    }

    /// <summary>One of an enumeration's names, in any case.</summary>
    public T OneOf<T>(string name, T fallback)
        where T : struct, Enum
    {
        if (Optional(name) is not { } text)
            return fallback;
        if (Enum.TryParse<T>(text, ignoreCase: true, out var value) && Enum.IsDefined(value) && !char.IsAsciiDigit(text[0]) && text[0] != '-')
            return value;
        Fault(name, $"found {Quote(text)}", $"one of {string.Join(", ", Enum.GetNames<T>())} (default {fallback})");
        return fallback;
    }

    /// <summary>An absolute http or https address that must be there, without query or fragment.</summary>
    /// <param name="name">The setting.</param>
    /// <param name="example">An address that would be right, for the fault.</param>
    public Uri HttpAddress(string name, string example)
    {
        var right = $"an absolute http or https address such as {example}";
        var text = Required(name, right);
        if (text.Length == 0)
            return new Uri(example);
        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            && address.Query.Length == 0 && address.Fragment.Length == 0 && address.UserInfo.Length == 0)
            return address;
        Fault(name, $"found {Quote(text)}", right);
        return new Uri(example);
    }

    private static string Quote(string text)
    {
        var shown = text.Length > 100 ? text[..100] + "…" : text;
        return "'" + string.Concat(shown.Select(character => char.IsControl(character) ? $"\\x{(int)character:x2}" : character.ToString())) + "'";
    }
}
