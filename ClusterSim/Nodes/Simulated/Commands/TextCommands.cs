using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using ClusterSim.Nodes.Simulated.Shell;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>The everyday filters: what comes in goes out, changed, as it comes where that can be.</summary>
internal static class TextCommands
{
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);
    private const int XargsWordsMax = 1000;

    /// <summary>The commands by name.</summary>
    public static IEnumerable<(string Name, CommandMain Main)> All =>
    [
        ("cat", CatAsync),
        ("head", HeadAsync),
        ("tail", TailCommand.RunAsync),
        ("grep", command => GrepCommand.RunAsync(command, isExtended: false)),
        ("egrep", command => GrepCommand.RunAsync(command, isExtended: true)),
        ("fgrep", command => GrepCommand.RunAsync(command with { Arguments = ["-F", .. command.Arguments] }, isExtended: false)),
        ("wc", WordCountAsync),
        ("sort", SortAsync),
        ("uniq", UniqueAsync),
        ("cut", CutAsync),
        ("tr", TranslateAsync),
        ("sed", SedCommand.RunAsync),
        ("tee", TeeAsync),
        ("rev", command => EachLineAsync(command, line => string.Concat(line.Reverse()))),
        ("tac", async command => { await command.SayAsync(string.Concat(Lines(await command.ReadAsync(command.Arguments)).AsEnumerable().Reverse().Select(line => line + "\n"))); return 0; }),
        ("nl", async command => { var number = 0; return await EachLineAsync(command, line => line.Length == 0 ? "       " : string.Create(CultureInfo.InvariantCulture, $"{++number,6}\t{line}")); }),
        ("base64", Base64Async),
        ("md5sum", command => SumAsync(command, HashAlgorithmName.MD5)),
        ("sha1sum", command => SumAsync(command, HashAlgorithmName.SHA1)),
        ("sha256sum", command => SumAsync(command, HashAlgorithmName.SHA256)),
        ("sha512sum", command => SumAsync(command, HashAlgorithmName.SHA512)),
        ("xargs", ArgumentsAsync),
    ];

    /// <summary>A text's lines without their ends.</summary>
    public static List<string> Lines(string text)
    {
        var lines = text.Split('\n').ToList();
        if (lines[^1].Length == 0)
            lines.RemoveAt(lines.Count - 1);
        return lines;
    }

    private static async Task<int> CatAsync(Command command)
    {
        var code = 0;
        foreach (var file in command.Arguments.Where(word => word == "-" || !word.StartsWith('-')).DefaultIfEmpty("-"))
            try
            {
                foreach (var (_, stream) in command.Inputs([file]))
                    await using (stream)
                        await stream.PassOnAsync(command.Output, command.Process.Killed);
            }
            catch (IOException absent) when (absent is not BrokenPipeException)
            {
                code = await command.FailAsync(absent.Message);
            }
        return code;
    }

    private static async Task<int> EachLineAsync(Command command, Func<string, string> change)
    {
        foreach (var (_, stream) in command.Inputs([.. command.Arguments.Where(word => word == "-" || !word.StartsWith('-'))]))
            await using (stream)
                await foreach (var line in new LineReader(stream, command.Process.Killed).AllAsync())
                    await command.SayAsync(change(line) + "\n");
        return 0;
    }

    private static async Task<int> HeadAsync(Command command)
    {
        var options = Options.Read(Numbered(command.Arguments), "nc", []);
        if (options.Value("c") is { } bytes)
        {
            var left = Amount(bytes);
            foreach (var (_, stream) in command.Inputs(options.Rest))
                await using (stream)
                {
                    var buffer = new byte[8192];
                    while (left > 0 && await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), command.Process.Killed) is var count and > 0)
                    {
                        await command.Output.WriteAsync(buffer.AsMemory(0, count), CancellationToken.None);
                        left -= count;
                    }
                }
            return 0;
        }
        foreach (var (name, stream) in command.Inputs(options.Rest))
            await using (stream)
            {
                if (options.Rest.Count > 1 && !options.Has("q"))
                    await command.SayAsync($"==> {name} <==\n");
                var reader = new LineReader(stream, command.Process.Killed);
                for (var left = Amount(options.Value("n") ?? "10"); left > 0 && await reader.ReadAsync() is { } line; left--)
                    await command.SayAsync(line + (reader.HadEnd ? "\n" : ""));
            }
        return 0;
    }

    /// <summary><c>-5</c> is <c>-n5</c>.</summary>
    public static IReadOnlyList<string> Numbered(IEnumerable<string> arguments) =>
        [.. arguments.Select(word => word.Length > 1 && word[0] == '-' && char.IsAsciiDigit(word[1]) ? "-n" + word[1..] : word)];

    /// <summary>A number with its unit, <c>10</c>, <c>4k</c>, <c>2m</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static long Amount(string text)
    {
        var unit = text.Length > 0 ? char.ToLowerInvariant(text[^1]) switch { 'k' => 1024L, 'm' => 1024 * 1024, 'b' => 512, _ => 1 } : 1;
        return long.TryParse(unit == 1 ? text : text[..^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number * unit : throw new FormatException($"invalid number '{text}'");
    }

    private static async Task<int> WordCountAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var totals = (Lines: 0L, Words: 0L, Bytes: 0L);
        foreach (var (name, stream) in command.Inputs(options.Rest))
            await using (stream)
            {
                using var all = new MemoryStream();
                await stream.PassOnAsync(all, command.Process.Killed);
                var text = Encoding.UTF8.GetString(all.GetBuffer(), 0, (int)all.Length);
                var counts = (Lines: text.LongCount(letter => letter == '\n'), Words: (long)text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length,
                    Bytes: options.Has("m") ? text.Length : all.Length);
                totals = (totals.Lines + counts.Lines, totals.Words + counts.Words, totals.Bytes + counts.Bytes);
                await SayAsync(counts, options.Rest.Count == 0 ? null : name);
            }
        if (options.Rest.Count > 1)
            await SayAsync(totals, "total");
        return 0;

        Task SayAsync((long Lines, long Words, long Bytes) counts, string? name)
        {
            var isOne = options.Has("l") ^ options.Has("w") ^ (options.Has("c") || options.Has("m"));
            List<long> shown = [];
            var isAll = !options.Has("l") && !options.Has("w") && !options.Has("c") && !options.Has("m");
            if (isAll || options.Has("l"))
                shown.Add(counts.Lines);
            if (isAll || options.Has("w"))
                shown.Add(counts.Words);
            if (isAll || options.Has("c") || options.Has("m"))
                shown.Add(counts.Bytes);
            // As busybox: one number stands for itself, several in columns of nine.
            var text = isOne && shown.Count == 1 ? shown[0].ToString(CultureInfo.InvariantCulture) : string.Join(' ', shown.Select(number => number.ToString(CultureInfo.InvariantCulture).PadLeft(9)));
            return command.SayAsync(text + (name is null ? "" : " " + name) + "\n");
        }
    }

    private static async Task<int> SortAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "kto", []);
        var lines = Lines(await command.ReadAsync(options.Rest));
        var separator = options.Value("t");
        var key = (options.Value("k") ?? "").Split(',')[0];
        var numeric = options.Has("n") || key.EndsWith('n');
        var reversed = options.Has("r") || key.EndsWith('r');
        var field = int.TryParse(key.TrimEnd('n', 'r').Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        var sorted = numeric
            ? lines.OrderBy(line => Number(Key(line))).ThenBy(line => line, StringComparer.Ordinal).ToList()
            : [.. lines.OrderBy(Key, options.Has("f") ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal).ThenBy(line => line, StringComparer.Ordinal)];
        if (reversed)
            sorted.Reverse();
        if (options.Has("u"))
            sorted = [.. sorted.DistinctBy(line => numeric ? Number(Key(line)).ToString(CultureInfo.InvariantCulture) : Key(line))];
        var text = string.Concat(sorted.Select(line => line + "\n"));
        if (options.Value("o") is { } to)
            command.Files.WriteAllBytes(command.Absolute(to), Encoding.UTF8.GetBytes(text));
        else
            await command.SayAsync(text);
        return 0;

        string Key(string line)
        {
            if (field == 0)
                return line;
            var parts = separator is null ? line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : line.Split(separator);
            return string.Join(separator ?? " ", parts.Skip(field - 1));
        }

        static double Number(string text) =>
            double.TryParse(Regex.Match(text.TrimStart(), "^-?[0-9]*\\.?[0-9]+", RegexOptions.None, PatternTimeout).Value, CultureInfo.InvariantCulture, out var value) ? value : 0;
    }

    private static async Task<int> UniqueAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var groups = new List<(string Line, int Count)>();
        foreach (var line in Lines(await command.ReadAsync(options.Rest.Take(1))))
            if (groups.Count > 0 && string.Equals(groups[^1].Line, line, options.Has("i") ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal))
                groups[^1] = (groups[^1].Line, groups[^1].Count + 1);
            else
                groups.Add((line, 1));
        foreach (var (line, count) in groups.Where(group => (!options.Has("d") || group.Count > 1) && (!options.Has("u") || group.Count == 1)))
            await command.SayAsync(options.Has("c") ? string.Create(CultureInfo.InvariantCulture, $"{count,7} {line}\n") : line + "\n");
        return 0;
    }

    private static async Task<int> CutAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "dfcb", []);
        var ranges = (options.Value("f") ?? options.Value("c") ?? options.Value("b") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Range).ToList();
        if (ranges.Count == 0)
            return await command.FailAsync("expected a list of bytes, characters, or fields");
        var separator = options.Value("d") is { Length: > 0 } given ? given : "\t";
        return await EachLineAsync(command with { Arguments = options.Rest }, line =>
        {
            if (options.Value("f") is null)
                return string.Concat(line.Where((_, at) => Chosen(at + 1)));
            var parts = line.Split(separator);
            return parts.Length == 1 ? line : string.Join(separator, parts.Where((_, at) => Chosen(at + 1)));
        });

        bool Chosen(int at) => ranges.Exists(range => at >= range.First && at <= range.Last);

        static (int First, int Last) Range(string text)
        {
            var ends = text.Split('-');
            var first = ends[0].Length == 0 ? 1 : int.Parse(ends[0], CultureInfo.InvariantCulture);
            return (first, ends.Length == 1 ? first : ends[1].Length == 0 ? int.MaxValue : int.Parse(ends[1], CultureInfo.InvariantCulture));
        }
    }

    private static async Task<int> TranslateAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        if (options.Rest.Count == 0)
            return await command.FailAsync("usage: tr [-cds] STRING1 [STRING2]");
        var from = Set(options.Rest[0]);
        var to = options.Rest.Count > 1 ? Set(options.Rest[1]) : "";
        var buffer = new byte[8192];
        var last = -1;
        while (await command.Input.ReadAsync(buffer, command.Process.Killed) is var count and > 0)
        {
            var changed = new MemoryStream();
            foreach (var one in buffer.AsSpan(0, count))
            {
                var at = from.IndexOf((char)one, StringComparison.Ordinal);
                var isIn = at >= 0 != (options.Has("c") || options.Has("C"));
                if (isIn && options.Has("d"))
                    continue;
                var next = isIn && to.Length > 0 ? (byte)to[options.Has("c") ? ^1 : Math.Min(at, to.Length - 1)] : one;
                if (isIn && options.Has("s") && next == last)
                    continue;
                changed.WriteByte(next);
                last = isIn ? next : -1;
            }
            await command.Output.WriteAsync(changed.GetBuffer().AsMemory(0, (int)changed.Length), CancellationToken.None);
        }
        return 0;

        static string Set(string text)
        {
            text = text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\r", "\r", StringComparison.Ordinal)
                .Replace("\\0", "\0", StringComparison.Ordinal).Replace("[:upper:]", "A-Z", StringComparison.Ordinal).Replace("[:lower:]", "a-z", StringComparison.Ordinal)
                .Replace("[:digit:]", "0-9", StringComparison.Ordinal).Replace("[:alnum:]", "0-9A-Za-z", StringComparison.Ordinal).Replace("[:alpha:]", "A-Za-z", StringComparison.Ordinal)
                .Replace("[:space:]", " \t\n\r", StringComparison.Ordinal);
            return Regex.Replace(text, "(.)-(.)", match => string.Concat(Enumerable.Range(match.Groups[1].Value[0], Math.Max(0, match.Groups[2].Value[0] - match.Groups[1].Value[0] + 1)).Select(code => (char)code)), RegexOptions.None, PatternTimeout);
        }
    }

    private static async Task<int> TeeAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var files = options.Rest.ConvertAll(file => command.Files.OpenWrite(command.Absolute(file), options.Has("a") ? FileMode.Append : FileMode.Create));
        try
        {
            var buffer = new byte[32 * 1024];
            while (await command.Input.ReadAsync(buffer, command.Process.Killed) is var count and > 0)
            {
                foreach (var file in files)
                    file.Write(buffer, 0, count);
                await command.Output.WriteAsync(buffer.AsMemory(0, count), CancellationToken.None);
            }
        }
        finally
        {
            foreach (var file in files)
                file.Dispose();
        }
        return 0;
    }

    private static async Task<int> Base64Async(Command command)
    {
        var options = Options.Read(command.Arguments, "w", []);
        var bytes = await command.ReadBytesAsync(options.Rest);
        if (options.Has("d"))
        {
            await command.Output.WriteAsync(Convert.FromBase64String(Encoding.ASCII.GetString(bytes).Trim()), CancellationToken.None);
            return 0;
        }
        var width = (int)Amount(options.Value("w") ?? "76");
        var text = Convert.ToBase64String(bytes);
        await command.SayAsync(width == 0 ? text : string.Concat(text.Chunk(width).Select(line => string.Concat(line) + "\n")));
        return 0;
    }

    private static async Task<int> SumAsync(Command command, HashAlgorithmName algorithm)
    {
        var options = Options.Read(command.Arguments, "", []);
        foreach (var file in options.Rest.DefaultIfEmpty("-"))
            await command.SayAsync($"{Convert.ToHexStringLower(CryptographicOperations.HashData(algorithm, await command.ReadBytesAsync([file])))}  {file}\n");
        return 0;
    }

    private static async Task<int> ArgumentsAsync(Command command)
    {
        var words = command.Arguments.ToList();
        var (most, replaced) = (XargsWordsMax, (string?)null);
        while (words.Count > 0 && words[0].StartsWith('-'))
        {
            var option = words[0];
            words.RemoveAt(0);
            if (option.StartsWith("-n", StringComparison.Ordinal) || option.StartsWith("-I", StringComparison.Ordinal))
            {
                var value = option.Length > 2 ? option[2..] : words.ElementAtOrDefault(0) ?? "";
                if (option.Length == 2 && words.Count > 0)
                    words.RemoveAt(0);
                if (option[1] == 'n')
                    most = (int)Amount(value);
                else
                    replaced = value;
            }
            else if (option is not ("-r" or "-t" or "-0"))
            {
                return await command.FailAsync($"{option} is not known to the simulated xargs, which has -n, -I, -r and -0");
            }
        }
        var text = await command.ReadAsync([]);
        var given = command.Arguments.Contains("-0") ? text.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : replaced is null ? text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [.. Lines(text)];
        if (words.Count == 0)
            words.Add("echo");
        if (command.Find(words[0]) is not { } main)
            return await command.FailAsync($"{words[0]}: No such file or directory", 127);
        var code = 0;
        foreach (var part in replaced is null ? given.Chunk(most).DefaultIfEmpty([]) : given.Select(one => (string[])[one]))
        {
            if (part.Length == 0 && command.Arguments.Contains("-r"))
                break;
            var arguments = replaced is null ? [.. words.Skip(1), .. part] : words.Skip(1).Select(word => word.Replace(replaced, part[0], StringComparison.Ordinal)).ToList();
            if (await main(command with { Name = words[0], Arguments = arguments, Input = Stream.Null }) != 0)
                code = 123;
        }
        return code;
    }
}
