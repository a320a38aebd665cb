using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ClusterSim.Machinery;

/// <summary>A pattern in Go's syntax (RE2), matched in linear time.</summary>
internal sealed class GoRegex
{
    private static readonly Dictionary<string, string> PosixClasses = new(StringComparer.Ordinal)
    {
        ["alnum"] = "0-9A-Za-z",
        ["alpha"] = "A-Za-z",
        ["ascii"] = "\\x00-\\x7F",
        ["blank"] = "\\t ",
        ["cntrl"] = "\\x00-\\x1F\\x7F",
        ["digit"] = "0-9",
        ["graph"] = "!-~",
        ["lower"] = "a-z",
        ["print"] = " -~",
        ["punct"] = "!-/:-@\\[-`{-~",
        ["space"] = "\\t\\n\\v\\f\\r ",
        ["upper"] = "A-Z",
        ["word"] = "0-9A-Za-z_",
        ["xdigit"] = "0-9A-Fa-f",
    };

    private readonly Regex? _regex;

    /// <summary>Compiles a pattern; <see cref="Complaint"/> says what is wrong with a malformed one.</summary>
    public GoRegex(string pattern)
    {
        try
        {
            _regex = new Regex(Translate(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception ex) when (ex is ArgumentException or NotSupportedException)
        {
            Complaint = $"error parsing regexp: {ex.Message}";
        }
    }

    /// <summary>What is wrong with the pattern; null where it is well-formed.</summary>
    public string? Complaint { get; }

    /// <summary>Whether the pattern matches somewhere in a text; a malformed one never does.</summary>
    public bool IsMatch(string text) => _regex?.IsMatch(text) == true;

    private static string Translate(string pattern)
    {
        var result = new StringBuilder(pattern.Length + 16);
        var inClass = false;
        for (var at = 0; at < pattern.Length; at++)
        {
            var letter = pattern[at];
            var rest = pattern.AsSpan(at);
            if (letter == '\\' && at + 1 < pattern.Length)
            {
                at += Escape(pattern, at + 1, inClass, result);
            }
            else if (inClass && rest.StartsWith("[:") && rest.IndexOf(":]") is var end and > 0)
            {
                var name = rest[2..end].ToString();
                result.Append(PosixClasses.TryGetValue(name, out var set) ? set : throw new ArgumentException($"invalid character class range: `[:{name}:]`"));
                at += end + 1;
            }
            else if (inClass)
            {
                // An opening bracket inside a class means itself in Go; .NET would read a subtraction.
                result.Append(letter == '[' ? "\\[" : letter.ToString());
                inClass = letter != ']';
            }
            else if (letter == '[')
            {
                inClass = true;
                result.Append('[');
                if (at + 1 < pattern.Length && pattern[at + 1] == '^')
                    result.Append(pattern[++at]);
                if (at + 1 < pattern.Length && pattern[at + 1] == ']')
                {
                    result.Append("\\]");
                    at++;
                }
            }
            else if (rest.StartsWith("(?P<"))
            {
                result.Append("(?<");
                at += 3;
            }
            else if (letter == '$')
            {
                // The very end, and no line break before it.
                result.Append("\\z");
            }
            else
            {
                result.Append(letter);
            }
        }
        return result.ToString();
    }

    /// <summary>Writes the escape whose letter is at <paramref name="at"/>; returns how many characters it has behind the backslash.</summary>
    private static int Escape(string pattern, int at, bool inClass, StringBuilder into)
    {
        var letter = pattern[at];
        // In Go these are ASCII's.
        var (set, isNegated) = letter switch
        {
            'd' => ("0-9", false),
            'D' => ("0-9", true),
            'w' => ("0-9A-Za-z_", false),
            'W' => ("0-9A-Za-z_", true),
            's' => ("\\t\\n\\f\\r ", false),
            'S' => ("\\t\\n\\f\\r ", true),
            _ => ("", false),
        };
        if (set.Length > 0)
        {
            into.Append((inClass, isNegated) switch
            {
                (true, false) => set,
                (true, true) => $"\\{letter}",
                (false, false) => $"[{set}]",
                _ => $"[^{set}]",
            });
            return 1;
        }
        if (letter is 'p' or 'P' && at + 1 < pattern.Length && pattern[at + 1] != '{')
        {
            into.Append('\\').Append(letter).Append('{').Append(pattern[at + 1]).Append('}');
            return 2;
        }
        if (letter == 'Q')
        {
            var end = pattern.IndexOf("\\E", at, StringComparison.Ordinal);
            var quoted = pattern[(at + 1)..(end < 0 ? pattern.Length : end)];
            into.Append(Regex.Escape(quoted));
            return quoted.Length + (end < 0 ? 1 : 3);
        }
        if (letter == 'x' && at + 1 < pattern.Length && pattern[at + 1] == '{' && pattern.IndexOf('}', at) is var close and > 0)
        {
            if (!int.TryParse(pattern.AsSpan(at + 2, close - at - 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var rune) || !Rune.IsValid(rune))
                throw new ArgumentException($"invalid escape sequence: `\\{pattern[at..(close + 1)]}`");
            into.Append(string.Concat(new Rune(rune).ToString().Select(unit => $"\\u{(int)unit:X4}")));
            return close - at + 1;
        }
        if (char.IsAsciiDigit(letter) && letter != '0')
            throw new ArgumentException($"invalid escape sequence: `\\{letter}`");
        into.Append('\\').Append(letter);
        return 1;
    }
}
