using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Simulated.Commands;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>Makes words out of what was written: variables, substitutions, arithmetic, quotes, splitting at blanks, file patterns.</summary>
/// <param name="state">The shell.</param>
/// <param name="run">Runs a command for its output, which it charges.</param>
internal sealed class ShellExpansion(ShellState state, Func<string, MemoryCharge, Task<string>> run) : IDisposable
{
    private const int WordBytes = 32;

    private static readonly SearchValues<char> Modifiers = SearchValues.Create(":-+=?#%/");

    private static readonly SearchValues<char> Special = SearchValues.Create("'\"\\`$~");

    private readonly MemoryCharge _charge = new(state.Memory);
    private int _depth;

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

    /// <summary>The text of a here-document: variables and substitutions, but quotes are letters.</summary>
    public async Task<string> TextAsync(string written)
    {
        var text = new StringBuilder();
        for (var i = 0; i < written.Length;)
            switch (written[i])
            {
                case '\\' when i + 1 < written.Length && written[i + 1] is '$' or '`' or '\\' or '\n':
                    text.Append(written[i + 1] == '\n' ? "" : written[i + 1].ToString());
                    i += 2;
                    break;
                case '`':
                    var close = CloseQuote(written, i);
                    text.Append(Charged(await run(written[(i + 1)..close], _charge)));
                    i = close + 1;
                    break;
                case '$' when i + 1 < written.Length:
                    (var expanded, i) = await DollarAsync(written, i);
                    text.Append(Charged(expanded));
                    break;
                default:
                    text.Append(written[i++]);
                    break;
            }
        return text.ToString();
    }

    /// <summary>A word as a pattern: what was quoted matches itself.</summary>
    public async Task<string> PatternAsync(string written)
    {
        var text = new StringBuilder();
        foreach (var (piece, isQuoted) in await PiecesAsync(written))
            text.Append(isQuoted ? Literally(piece) : piece);
        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => _charge.Dispose();

    private static string Literally(string text)
    {
        if (text.AsSpan().IndexOfAny("*?[]\\") < 0)
            return text;
        var pattern = new StringBuilder();
        foreach (var letter in text)
            pattern.Append(letter is '*' or '?' or '[' or ']' or '\\' ? "\\" : "").Append(letter);
        return pattern.ToString();
    }

    private string Charged(string text)
    {
        _charge.Add(text.Length);
        return text;
    }

    private static int CloseQuote(string word, int at) => word.IndexOf(word[at], at + 1) is > 0 and var end
        ? end : throw new ShellSyntaxException("syntax error: unterminated quoted string");

    private async Task SplitAsync(string written, List<string> words)
    {
        if (written is "\"$@\"")
        {
            words.AddRange(state.Parameters);
            return;
        }
        var separators = state.Variables.GetValueOrDefault("IFS", " \t\n");
        var current = new StringBuilder();
        var pattern = new StringBuilder();
        var isWord = false;
        var hasPattern = false;
        foreach (var (piece, isQuoted) in await PiecesAsync(written))
        {
            if (isQuoted)
            {
                pattern.Append(Literally(piece));
                current.Append(piece);
                isWord = true;
                continue;
            }
            foreach (var letter in piece)
            {
                if (!separators.Contains(letter, StringComparison.Ordinal))
                {
                    pattern.Append(letter);
                    current.Append(letter);
                    hasPattern |= letter is '*' or '?' or '[';
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
            _charge.Add(WordBytes + current.Length);
            if (hasPattern)
                words.AddRange(Files(pattern.ToString(), current.ToString()));
            else
                words.Add(current.ToString());
            current.Clear();
            pattern.Clear();
            (isWord, hasPattern) = (false, false);
        }
    }

    /// <summary>The files that a pattern means, in order; where there are none, the word itself.</summary>
    private IReadOnlyList<string> Files(string pattern, string word)
    {
        var command = Command.Of("sh", state.Process) with { Directory = state.Directory };
        List<string> found = [pattern.StartsWith('/') ? "/" : ""];
        foreach (var part in pattern.Split('/', StringSplitOptions.RemoveEmptyEntries))
            found = EntriesIn(command, found, part);
        if (pattern.EndsWith('/'))
            found = [.. found.Where(path => command.IsDirectory(path)).Select(path => path.TrimEnd('/') + "/")];
        return found.Count > 0 && pattern.Length > 0 ? found : [word];
    }

    private List<string> EntriesIn(Command command, List<string> folders, string part)
    {
        var found = new List<string>();
        foreach (var folder in folders)
        {
            state.Process.Killed.ThrowIfCancellationRequested();
            foreach (var entry in Entries(command, folder, part))
            {
                _charge.Add(WordBytes + entry.Length);
                found.Add(entry);
            }
        }
        return found;
    }

    private static IEnumerable<string> Entries(Command command, string before, string part)
    {
        var prefix = before.Length == 0 || before.EndsWith('/') ? before : before + "/";
        var folder = prefix.Length == 0 ? "." : prefix;
        if (part.IndexOfAny(['*', '?', '[']) < 0)
        {
            var name = part.Replace("\\", "", StringComparison.Ordinal);
            return command.LStat(prefix + name) is not null ? [prefix + name] : [];
        }
        var pattern = new GlobPattern(part);
        return !command.IsDirectory(folder) ? [] : command.Enumerate(folder).Select(entry => entry.Name)
            .Where(name => (name[0] != '.' || part[0] == '.') && pattern.IsMatch(name)).Select(name => prefix + name);
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
                    var end = CloseQuote(word, i);
                    pieces.Add((word[(i + 1)..end], true));
                    i = end + 1;
                    break;
                case '"':
                    inDouble = !inDouble;
                    pieces.Add(("", true));
                    i++;
                    break;
                case '\\' when i + 1 < word.Length && (!inDouble || word[i + 1] is '$' or '"' or '\\' or '`' or '\n'):
                    pieces.Add((word[i + 1] == '\n' ? "" : word[i + 1].ToString(), true));
                    i += 2;
                    break;
                case '`':
                    var close = CloseQuote(word, i);
                    pieces.Add((Charged(await run(word[(i + 1)..close], _charge)), inDouble));
                    i = close + 1;
                    break;
                case '$' when i + 1 < word.Length:
                    (var text, i) = await DollarAsync(word, i);
                    pieces.Add((Charged(text), inDouble));
                    break;
                case '~' when i == 0 && (word.Length == 1 || word[1] == '/'):
                    pieces.Add((state.Variables.GetValueOrDefault("HOME", "/").TrimEnd('/') is { Length: > 0 } home ? home : word.Length == 1 ? "/" : "", true));
                    i++;
                    break;
                default:
                    var rest = word.AsSpan(i + 1).IndexOfAny(Special);
                    var next = rest < 0 ? word.Length : i + 1 + rest;
                    pieces.Add((word[i..next], inDouble));
                    i = next;
                    break;
            }
        }
        return pieces;
    }

    private async Task<(string Text, int Next)> DollarAsync(string word, int at)
    {
        if (++_depth > ShellLimits.NestingMax)
            throw new ShellSyntaxException($"syntax error: expansions are nested more than {ShellLimits.NestingMax} deep");
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            await Task.Yield();
        try
        {
            return await ExpandAsync(word, at);
        }
        finally
        {
            _depth--;
        }
    }

    private async Task<(string Text, int Next)> ExpandAsync(string word, int at)
    {
        var next = word[at + 1];
        if (word.AsSpan(at).StartsWith("$((") && Close(word, at + 1, '(', ')') is var end && end - 2 >= at + 3 && word[end - 2] == ')')
        {
            return (new ShellArithmetic(await TextAsync(word[(at + 3)..(end - 2)]), Value, (name, value) => state.Variables[name] = value).Evaluate().ToString(CultureInfo.InvariantCulture), end);
        }
        if (next == '(')
        {
            end = Close(word, at + 1, '(', ')');
            return (await run(word[(at + 2)..(end - 1)], _charge), end);
        }
        if (next == '{')
        {
            end = Close(word, at + 1, '{', '}');
            return (await BracedAsync(word[(at + 2)..(end - 1)]), end);
        }
        if (next is '?' or '$' or '#' or '@' or '*' or '!' or '-' || char.IsAsciiDigit(next))
            return (Variable(next.ToString()), at + 2);
        var stop = at + 1;
        while (stop < word.Length && (char.IsAsciiLetterOrDigit(word[stop]) || word[stop] == '_'))
            stop++;
        return stop == at + 1 ? ("$", stop) : (Variable(word[(at + 1)..stop]), stop);
    }

    private async Task<string> BracedAsync(string inside)
    {
        if (inside.Length == 0)
            throw new ShellSyntaxException("syntax error: bad substitution");
        if (inside.StartsWith('#') && inside.Length > 1)
            return Variable(inside[1..]).Length.ToString(CultureInfo.InvariantCulture);
        var stop = inside.AsSpan(1).IndexOfAny(Modifiers) is >= 0 and var found ? found + 1 : -1;
        if (stop < 0)
            return Variable(inside);
        var name = inside[..stop];
        var rest = inside[stop..];
        var countsEmpty = rest[0] == ':' && rest.Length > 1;
        if (countsEmpty && rest[1] is not ('-' or '+' or '=' or '?'))
            return await PartAsync(Value(name), rest[1..]);
        if (countsEmpty)
            rest = rest[1..];
        var value = Value(name);
        var isSet = countsEmpty ? value.Length > 0 : IsSet(name);
        switch (rest[0])
        {
            case '-':
                return isSet ? value : await WordAsync(rest[1..]);
            case '+':
                return isSet ? await WordAsync(rest[1..]) : "";
            case '=':
                return isSet ? value : state.Variables[name] = await WordAsync(rest[1..]);
            case '?':
                return isSet ? value : throw new ShellSyntaxException($"{name}: {(rest.Length > 1 ? await WordAsync(rest[1..]) : "parameter not set")}");
            default:
                return await TrimmedAsync(value, rest);
        }
    }

    /// <summary><c>${name:offset:length}</c>.</summary>
    private async Task<string> PartAsync(string value, string range)
    {
        var ends = (await TextAsync(range)).Split(':');
        var from = (int)new ShellArithmetic(ends[0], Value).Evaluate();
        from = Math.Clamp(from < 0 ? value.Length + from : from, 0, value.Length);
        var length = ends.Length > 1 ? (int)new ShellArithmetic(ends[1], Value).Evaluate() : value.Length;
        return value.Substring(from, Math.Clamp(length < 0 ? value.Length + length - from : length, 0, value.Length - from));
    }

    /// <summary><c># ## % %% / //</c>: without what a pattern matches at the beginning or the end, or with something in its place.</summary>
    private async Task<string> TrimmedAsync(string value, string modifier)
    {
        var sign = modifier[0];
        var isDouble = modifier.Length > 1 && modifier[1] == sign;
        var rest = modifier[(isDouble ? 2 : 1)..];
        if (sign == '/')
        {
            var slash = rest.IndexOf('/', StringComparison.Ordinal);
            var by = slash < 0 ? "" : await WordAsync(rest[(slash + 1)..]);
            return Replaced(value, new GlobPattern(await PatternAsync(slash < 0 ? rest : rest[..slash])), by, isAll: isDouble);
        }
        var pattern = new GlobPattern(await PatternAsync(rest));
        var length = sign == '#' ? pattern.MatchStart(value, isLongest: isDouble) : pattern.MatchEnd(value, isLongest: isDouble);
        return length <= 0 ? value : sign == '#' ? value[length..] : value[..^length];
    }

    private string Replaced(string value, GlobPattern pattern, string by, bool isAll)
    {
        var made = new StringBuilder();
        for (var at = 0; at < value.Length;)
        {
            if (at % 1024 == 0)
                state.Process.Killed.ThrowIfCancellationRequested();
            var length = pattern.MatchStart(value.AsSpan(at), isLongest: true);
            if (length <= 0)
            {
                made.Append(value[at++]);
                continue;
            }
            _charge.Add(by.Length);
            made.Append(by);
            at += length;
            if (!isAll)
                return made.Append(value, at, value.Length - at).ToString();
        }
        return made.ToString();
    }

    private static int? Position(string name) => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private bool IsSet(string name) => name.Length > 0 && char.IsAsciiDigit(name[0])
        ? Position(name) <= state.Parameters.Count
        : name is "@" or "*" ? state.Parameters.Count > 0 : state.Variables.ContainsKey(name) || name is "?" or "$" or "#" or "PWD";

    /// <summary>A variable, which <c>set -u</c> wants to be set.</summary>
    private string Variable(string name) =>
        !state.RefusesUnset || IsSet(name) || name is "@" or "*" or "!" or "0" ? Value(name) : throw new ShellExitException(2, $"{name}: parameter not set");

    private string Value(string name) => name switch
    {
        "?" => state.Last.ToString(CultureInfo.InvariantCulture),
        "$" => state.ProcessId.ToString(CultureInfo.InvariantCulture),
        "!" => state.LastBackground?.ToString(CultureInfo.InvariantCulture) ?? "",
        "-" => state.StopsAtError ? "e" : "",
        "#" => state.Parameters.Count.ToString(CultureInfo.InvariantCulture),
        "@" or "*" => string.Join(' ', state.Parameters),
        "0" => state.Name,
        "" => "",
        _ when char.IsAsciiDigit(name[0]) => Position(name) is { } position ? state.Parameters.ElementAtOrDefault(position - 1) ?? "" : throw new ShellSyntaxException($"{name}: bad substitution"),
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
