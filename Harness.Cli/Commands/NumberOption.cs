using System.CommandLine;
using System.Globalization;

namespace Harness.Commands;

/// <summary>Options whose value is a whole number within bounds; what is not is told with what would be.</summary>
internal static class NumberOption
{
    /// <summary>A port of this machine; 0 is any free one.</summary>
    public static Option<int?> Port(string name, string description) => new(name)
    {
        Description = description,
        CustomParser = result => Read(result.Tokens[0].Value, name, 0, 65535, result.AddError),
    };

    /// <summary>A number that has a default.</summary>
    public static Option<int> WithDefault(string name, string description, int fallback, int min, int max) => new(name)
    {
        Description = description,
        DefaultValueFactory = _ => fallback,
        CustomParser = result => result.Tokens is [var token, ..] ? Read(token.Value, name, min, max, result.AddError) ?? fallback : fallback,
    };

    private static int? Read(string text, string name, int min, int max, Action<string> fault)
    {
        if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
            return number;
        fault(string.Create(CultureInfo.InvariantCulture, $"{name}: found '{text}', should be a whole number from {min} to {max}"));
        return null;
    }
}
