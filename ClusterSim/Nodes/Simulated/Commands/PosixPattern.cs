using System.Text;
using System.Text.RegularExpressions;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>POSIX regular expressions as .NET's regular expressions.</summary>
internal static class PosixPattern
{
    // A pattern from a manifest must not hold a thread for ever.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    /// <summary>A basic or extended regular expression.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static Regex Regex(string pattern, bool isExtended, bool ignoresCase = false)
    {
        var text = new StringBuilder();
        for (var i = 0; i < pattern.Length; i++)
        {
            var letter = pattern[i];
            if (letter == '[')
                i = Bracket(pattern, i, text);
            else if (letter == '\\' && i + 1 < pattern.Length)
                text.Append(Escaped(pattern[++i], isExtended));
            else if (!isExtended && letter is '(' or ')' or '{' or '}' or '|' or '+' or '?')
                text.Append('\\').Append(letter);
            else if (letter == '*' && text.Length == 0)
                text.Append("\\*");
            else
                text.Append(letter);
        }
        try
        {
            return new Regex(text.ToString(), RegexOptions.CultureInvariant | (ignoresCase ? RegexOptions.IgnoreCase : RegexOptions.None), Timeout);
        }
        catch (ArgumentException wrong)
        {
            throw new FormatException($"bad regex '{pattern}': {wrong.Message}", wrong);
        }
    }

    private static string Escaped(char letter, bool isExtended) => letter switch
    {
        '(' or ')' or '{' or '}' or '|' or '+' or '?' => isExtended ? "\\" + letter : letter.ToString(),
        '<' or '>' => "\\b",
        'n' => "\n",
        't' => "\t",
        'w' or 'W' or 's' or 'S' or 'b' or 'B' or (>= '0' and <= '9') => "\\" + letter,
        _ => System.Text.RegularExpressions.Regex.Escape(letter.ToString()),
    };

    /// <summary>A bracket expression; returns where it ends.</summary>
    private static int Bracket(string pattern, int at, StringBuilder text)
    {
        text.Append('[');
        var i = at + 1;
        if (i < pattern.Length && pattern[i] == '^')
        {
            text.Append('^');
            i++;
        }
        for (var first = true; i < pattern.Length && (pattern[i] != ']' || first); i++, first = false)
        {
            if (pattern.AsSpan(i).StartsWith("[:") && pattern.IndexOf(":]", i + 2, StringComparison.Ordinal) is var end and > 0)
            {
                text.Append(Class(pattern[(i + 2)..end]));
                i = end + 1;
                continue;
            }
            if (pattern[i] is '\\' or '[' or ']' or '^')
                text.Append('\\');
            text.Append(pattern[i]);
        }
        if (i >= pattern.Length)
            throw new FormatException($"bad regex '{pattern}': Missing ']'");
        text.Append(']');
        return i;
    }

    private static string Class(string name) => name switch
    {
        "alpha" => "a-zA-Z",
        "digit" => "0-9",
        "alnum" => "a-zA-Z0-9",
        "upper" => "A-Z",
        "lower" => "a-z",
        "space" => "\\s",
        "blank" => " \\t",
        "xdigit" => "0-9a-fA-F",
        "punct" => "!-/:-@\\[-`{-~",
        _ => throw new FormatException($"bad regex: no character class '{name}'"),
    };
}
