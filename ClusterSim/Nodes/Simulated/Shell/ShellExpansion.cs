using System.Buffers;
using System.Globalization;
using System.IO.Enumeration;
using System.Text;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>Makes words out of what was written: variables, substitutions, arithmetic, quotes, splitting at blanks, file patterns.</summary>
/// <param name="state">The shell.</param>
/// <param name="substitute">Runs a command for its output.</param>
internal sealed class ShellExpansion(ShellState state, Func<string, Task<string>> substitute)
{
    private static readonly SearchValues<char> Modifiers = SearchValues.Create(":-+=#%");

    /// <summary>The words that some words expand to.</summary>
    public async Task<List<string>> WordsAsync(IEnumerable<string> written)
    {
        var words = new List<string>();
        foreach (var word in written)
            await SplitAsync(word, words);
        return words;
    }

    /// <summary>One word, not split: a value, a file name.</summary>
    public async Task<string> WordAsync(string written)
    {
        var text = new StringBuilder();
        foreach (var (piece, _) in await PiecesAsync(written))
            text.Append(piece);
        return text.ToString();
    }

    private async Task SplitAsync(string written, List<string> words)
    {
        if (written is "\"$@\"")
        {
            words.AddRange(state.Parameters);
            return;
        }
        var current = new StringBuilder();
        var isWord = false;
        var hasPattern = false;
        foreach (var (piece, isQuoted) in await PiecesAsync(written))
        {
            if (isQuoted)
            {
                current.Append(piece);
                isWord = true;
                continue;
            }
            foreach (var letter in piece)
            {
                if (letter is not (' ' or '\t' or '\n'))
                {
                    current.Append(letter);
                    hasPattern |= letter is '*' or '?';
                    isWord = true;
                }
                else if (isWord)
                {
                    End();
                }
            }
        }
        if (isWord)
            End();

        void End()
        {
            words.AddRange(hasPattern ? Files(current.ToString()) : [current.ToString()]);
            current.Clear();
            (isWord, hasPattern) = (false, false);
        }
    }

    private IEnumerable<string> Files(string pattern)
    {
        var slash = pattern.LastIndexOf('/');
        var folder = slash < 0 ? "." : pattern[..(slash + 1)];
        var machine = state.Process.Files.Resolve(folder.StartsWith('/') ? folder : $"{state.Directory.TrimEnd('/')}/{folder}");
        var found = Directory.Exists(machine)
            ? Directory.EnumerateFileSystemEntries(machine).Select(entry => Path.GetFileName(entry)!)
                .Where(name => FileSystemName.MatchesSimpleExpression(pattern.AsSpan(slash + 1), name, ignoreCase: false) && (name[0] != '.' || pattern[slash + 1] == '.'))
                .Order(StringComparer.Ordinal).Select(name => pattern[..(slash + 1)] + name).ToList()
            : [];
        return found.Count > 0 ? found : [pattern];
    }

    /// <summary>The pieces of a word, and whether each was quoted (and so is neither split nor a pattern).</summary>
    private async Task<List<(string Text, bool IsQuoted)>> PiecesAsync(string word)
    {
        var pieces = new List<(string, bool)>();
        var inDouble = false;
        for (var i = 0; i < word.Length;)
        {
            switch (word[i])
            {
                case '\'' when !inDouble:
                    var end = word.IndexOf('\'', i + 1);
                    pieces.Add((word[(i + 1)..end], true));
                    i = end + 1;
                    break;
                case '"':
                    inDouble = !inDouble;
                    pieces.Add(("", true));
                    i++;
                    break;
                case '\\' when i + 1 < word.Length && (!inDouble || word[i + 1] is '$' or '"' or '\\' or '`'):
                    pieces.Add((word[i + 1].ToString(), true));
                    i += 2;
                    break;
                case '`':
                    var close = word.IndexOf('`', i + 1);
                    pieces.Add((await substitute(word[(i + 1)..close]), inDouble));
                    i = close + 1;
                    break;
                case '$' when i + 1 < word.Length:
                    (var text, i) = await DollarAsync(word, i);
                    pieces.Add((text, inDouble));
                    break;
                default:
                    pieces.Add((word[i].ToString(), inDouble));
                    i++;
                    break;
            }
        }
        return pieces;
    }

    private async Task<(string Text, int Next)> DollarAsync(string word, int at)
    {
        var next = word[at + 1];
        if (word.AsSpan(at).StartsWith("$(("))
        {
            var end = Close(word, at + 1, '(', ')');
            return (new ShellArithmetic(word[(at + 3)..(end - 2)], Variable).Evaluate().ToString(CultureInfo.InvariantCulture), end);
        }
        if (next == '(')
        {
            var end = Close(word, at + 1, '(', ')');
            return (await substitute(word[(at + 2)..(end - 1)]), end);
        }
        if (next == '{')
        {
            var end = Close(word, at + 1, '{', '}');
            return (await BracedAsync(word[(at + 2)..(end - 1)]), end);
        }
        if (next is '?' or '$' or '#' or '@' or '*' or '!' || char.IsAsciiDigit(next))
            return (Variable(next.ToString()), at + 2);
        var stop = at + 1;
        while (stop < word.Length && (char.IsAsciiLetterOrDigit(word[stop]) || word[stop] == '_'))
            stop++;
        return stop == at + 1 ? ("$", stop) : (Variable(word[(at + 1)..stop]), stop);
    }

    private async Task<string> BracedAsync(string inside)
    {
        if (inside.StartsWith('#') && inside.Length > 1)
            return Variable(inside[1..]).Length.ToString(CultureInfo.InvariantCulture);
        var stop = inside.AsSpan().IndexOfAny(Modifiers);
        if (stop < 0)
            return Variable(inside);
        var (name, value) = (inside[..stop], Variable(inside[..stop]));
        var rest = inside[stop..];
        if (rest.Length > 1 && rest[0] == ':')
            rest = rest[1..];
        var word = await WordAsync(rest[1..]);
        switch (rest[0])
        {
            case '-':
                return value.Length > 0 ? value : word;
            case '+':
                return value.Length > 0 ? word : "";
            case '=':
                return value.Length > 0 ? value : state.Variables[name] = word;
            case '#':
                word = word.TrimStart('#');
                return value.StartsWith(word.TrimStart('*'), StringComparison.Ordinal) ? value[word.TrimStart('*').Length..] : value;
            default:
                word = word.TrimStart('%').TrimEnd('*');
                var cut = rest.Length > 1 && rest[^1] == '*' ? value.LastIndexOf(word, StringComparison.Ordinal) : value.EndsWith(word, StringComparison.Ordinal) ? value.Length - word.Length : -1;
                return cut >= 0 ? value[..cut] : value;
        }
    }

    private string Variable(string name) => name switch
    {
        "?" => state.Last.ToString(CultureInfo.InvariantCulture),
        "$" => "1",
        "!" => "2",
        "#" => state.Parameters.Count.ToString(CultureInfo.InvariantCulture),
        "@" or "*" => string.Join(' ', state.Parameters),
        "0" => state.Name,
        _ when char.IsAsciiDigit(name[0]) => state.Parameters.ElementAtOrDefault(int.Parse(name, CultureInfo.InvariantCulture) - 1) ?? "",
        "PWD" => state.Directory,
        _ => state.Variables.GetValueOrDefault(name, ""),
    };

    private static int Close(string word, int at, char open, char close)
    {
        var depth = 0;
        for (var i = at; i < word.Length; i++)
        {
            if (word[i] == open)
                depth++;
            else if (word[i] == close && --depth == 0)
                return i + 1;
        }
        throw new ShellSyntaxException($"syntax error: unexpected end of file (expecting \"{close}\")");
    }
}
