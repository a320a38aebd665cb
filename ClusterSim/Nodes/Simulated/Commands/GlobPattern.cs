using System.Runtime.InteropServices;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>
/// A shell pattern (<c>* ? […]</c>). Letters after a backslash match themselves. Matching follows all ways through the pattern at once, so its time
/// grows with the length of the text times that of the pattern, whatever they are.
/// </summary>
internal sealed class GlobPattern
{
    private readonly List<Element> _elements = [];

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="FormatException">A character class is unknown.</exception>
    public GlobPattern(string pattern)
    {
        for (var i = 0; i < pattern.Length; i++)
            switch (pattern[i])
            {
                case '*':
                    if (_elements.Count == 0 || !_elements[^1].IsStar)
                        _elements.Add(new Element { IsStar = true });
                    break;
                case '?':
                    _elements.Add(new Element { Set = [], IsNegated = true });
                    break;
                case '[' when Bracket(pattern, i) is var end and > 0:
                    i = end;
                    break;
                case '\\' when i + 1 < pattern.Length:
                    _elements.Add(new Element { Letter = pattern[++i] });
                    break;
                default:
                    _elements.Add(new Element { Letter = pattern[i] });
                    break;
            }
    }

    /// <summary>Whether the pattern matches a whole text.</summary>
    public static bool Matches(string pattern, string text) => new GlobPattern(pattern).IsMatch(text);

    /// <summary>Whether the pattern matches a whole text.</summary>
    public bool IsMatch(ReadOnlySpan<char> text) => Match(text, isReversed: false, isLongest: true, wantsAll: true) == text.Length;

    /// <summary>Returns the length of what the pattern matches at the beginning of a text; −1 where it does not.</summary>
    public int MatchStart(ReadOnlySpan<char> text, bool isLongest) => Match(text, isReversed: false, isLongest, wantsAll: false);

    /// <summary>Returns the length of what the pattern matches at the end of a text; −1 where it does not.</summary>
    public int MatchEnd(ReadOnlySpan<char> text, bool isLongest) => Match(text, isReversed: true, isLongest, wantsAll: false);

    private int Match(ReadOnlySpan<char> text, bool isReversed, bool isLongest, bool wantsAll)
    {
        var count = _elements.Count;
        Span<bool> now = count < 128 ? stackalloc bool[count + 1] : new bool[count + 1];
        Span<bool> next = count < 128 ? stackalloc bool[count + 1] : new bool[count + 1];
        now.Clear();
        Reach(now, 0, isReversed);
        var found = -1;
        for (var length = 0; ; length++)
        {
            if (now[count])
            {
                found = length;
                if (!isLongest)
                    return found;
            }
            if (length == text.Length)
                return wantsAll && !now[count] ? -1 : found;
            var letter = text[isReversed ? text.Length - 1 - length : length];
            next.Clear();
            var any = false;
            for (var at = 0; at < count; at++)
            {
                if (!now[at])
                    continue;
                var element = ElementAt(at, isReversed);
                if (element.IsStar)
                    Reach(next, at, isReversed);
                else if (element.Matches(letter))
                    Reach(next, at + 1, isReversed);
                else
                    continue;
                any = true;
            }
            if (!any)
                return wantsAll ? -1 : found;
            var before = now;
            now = next;
            next = before;
        }
    }

    /// <summary>Marks a place in the pattern, and those after it that need no letter.</summary>
    private void Reach(Span<bool> places, int at, bool isReversed)
    {
        while (!places[at])
        {
            places[at] = true;
            if (at == _elements.Count || !ElementAt(at, isReversed).IsStar)
                return;
            at++;
        }
    }

    private ref readonly Element ElementAt(int at, bool isReversed) => ref CollectionsMarshal.AsSpan(_elements)[isReversed ? _elements.Count - 1 - at : at];

    /// <summary>Reads a bracket expression; returns where it ends, 0 where it is none.</summary>
    private int Bracket(string pattern, int at)
    {
        var i = at + 1;
        var isNegated = i < pattern.Length && pattern[i] is '!' or '^';
        if (isNegated)
            i++;
        List<(char First, char Last)> set = [];
        for (var isFirst = true; i < pattern.Length && (pattern[i] != ']' || isFirst); i++, isFirst = false)
        {
            if (pattern.AsSpan(i).StartsWith("[:") && pattern.IndexOf(":]", i + 2, StringComparison.Ordinal) is var end and > 0)
            {
                set.AddRange(Class(pattern[(i + 2)..end]));
                i = end + 1;
                continue;
            }
            if (pattern[i] == '\\' && i + 1 < pattern.Length)
                i++;
            var isRange = i + 2 < pattern.Length && pattern[i + 1] == '-' && pattern[i + 2] != ']';
            set.Add((pattern[i], isRange ? pattern[i + 2] : pattern[i]));
            if (isRange)
                i += 2;
        }
        if (i >= pattern.Length)
            return 0;
        _elements.Add(new Element { Set = [.. set], IsNegated = isNegated });
        return i;
    }

    private static (char First, char Last)[] Class(string name) => name switch
    {
        "alpha" => [('a', 'z'), ('A', 'Z')],
        "digit" => [('0', '9')],
        "alnum" => [('a', 'z'), ('A', 'Z'), ('0', '9')],
        "upper" => [('A', 'Z')],
        "lower" => [('a', 'z')],
        "space" => [('\t', '\r'), (' ', ' ')],
        "blank" => [(' ', ' '), ('\t', '\t')],
        "xdigit" => [('a', 'f'), ('A', 'F'), ('0', '9')],
        "punct" => [('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        _ => throw new FormatException($"bad pattern: no character class '{name}'"),
    };

    private readonly struct Element
    {
        public bool IsStar { get; init; }

        public char Letter { get; init; }

        public (char First, char Last)[]? Set { get; init; }

        public bool IsNegated { get; init; }

        public bool Matches(char letter)
        {
            if (Set is null)
                return letter == Letter;
            foreach (var (first, last) in Set)
                if (letter >= first && letter <= last)
                    return !IsNegated;
            return IsNegated;
        }
    }
}
