using System.Text;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>The styles that a text may be written in, outside brackets (<c>yaml_emitter_analyze_scalar</c>).</summary>
/// <param name="AllowsPlain">Without quotes.</param>
/// <param name="AllowsSingleQuotes">In single quotes.</param>
/// <param name="AllowsBlock">As a literal block.</param>
internal readonly record struct ScalarAnalysis(bool AllowsPlain, bool AllowsSingleQuotes, bool AllowsBlock)
{
    private const string FirstIndicators = "#,[]{}&*!|>'\"%@`";

    public static ScalarAnalysis Of(string text)
    {
        if (text.Length == 0)
            return new(AllowsPlain: true, AllowsSingleQuotes: true, AllowsBlock: false);
        var indicators = text.StartsWith("---", StringComparison.Ordinal) || text.StartsWith("...", StringComparison.Ordinal);
        var (breaks, spaceThenBreak, breakThenSpace, special) = (false, false, false, false);
        for (var i = 0; i < text.Length; i++)
        {
            var letter = text[i];
            var isFollowedBySpace = i + 1 == text.Length || text[i + 1] is ' ' or '\t' or '\n' or '\r';
            indicators |= i == 0
                ? FirstIndicators.Contains(letter, StringComparison.Ordinal) || (letter is '?' or ':' or '-' && isFollowedBySpace)
                : (letter == ':' && isFollowedBySpace) || (letter == '#' && text[i - 1] is ' ' or '\t' or '\n' or '\r');
            special |= !IsPrintable(letter);
            breaks |= letter == '\n';
            spaceThenBreak |= letter == '\n' && i > 0 && text[i - 1] == ' ';
            breakThenSpace |= letter == ' ' && i > 0 && text[i - 1] == '\n';
        }
        var isPadded = text[0] is ' ' or '\n' || text[^1] is ' ' or '\n';
        var isQuotable = !breakThenSpace && !spaceThenBreak && !special;
        return new(
            AllowsPlain: isQuotable && !isPadded && !breaks && !indicators,
            AllowsSingleQuotes: isQuotable,
            AllowsBlock: text[^1] != ' ' && !spaceThenBreak && !special);
    }

    /// <summary>Returns whether a character is written as it is. Tabs are not, nor are the line ends of Unicode and anything beyond the basic plane.</summary>
    public static bool IsPrintable(char letter) =>
        letter is '\n' or (>= ' ' and <= '~') or (>= '\u00A0' and < '\uD800' and not '\u2028' and not '\u2029') or (>= '\uE000' and < '\uFFFE' and not '\uFEFF');

    /// <summary>The escape of a character in double quotes.</summary>
    public static string Escape(Rune rune) => rune.Value switch
    {
        0 => "\\0",
        7 => "\\a",
        8 => "\\b",
        9 => "\\t",
        10 => "\\n",
        11 => "\\v",
        12 => "\\f",
        13 => "\\r",
        27 => "\\e",
        '"' => "\\\"",
        '\\' => "\\\\",
        0x85 => "\\N",
        0xA0 => "\\_",
        0x2028 => "\\L",
        0x2029 => "\\P",
        <= 0xFF => $"\\x{rune.Value:X2}",
        <= 0xFFFF => $"\\u{rune.Value:X4}",
        _ => $"\\U{rune.Value:X8}",
    };
}
