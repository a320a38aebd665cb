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
    private const long LineBytes = 32;

    /// <summary>The commands by name.</summary>
    public static IEnumerable<(string Name, CommandMain Main)> All =>
    [
        ("cat", CatAsync),
        ("head", HeadAsync),
        ("tail", TailCommand.RunAsync),
        ("grep", command => GrepCommand.RunAsync(command, isExtended: false)),
        ("egrep", command => GrepCommand.RunAsync(command, isExtended: true)),
        ("fgrep", command => GrepCommand.RunAsync(command with { Arguments = ["-F", .. command.Arguments] }, isExtended: false)),
        ("wc", WordCountCommand.RunAsync),
        ("sort", SortCommand.RunAsync),
        ("uniq", UniqueAsync),
        ("cut", CutAsync),
        ("tr", TranslateAsync),
        ("sed", SedCommand.RunAsync),
        ("tee", TeeAsync),
        ("rev", command => EachLineAsync(command, line => string.Concat(line.Reverse()))),
        ("tac", ReverseLinesAsync),
        ("nl", async command => { var number = 0; return await EachLineAsync(command, line => line.Length == 0 ? "       " : string.Create(CultureInfo.InvariantCulture, $"{++number,6}\t{line}")); }),
        ("base64", DigestCommands.Base64Async),
        ("md5sum", command => DigestCommands.SumAsync(command, HashAlgorithmName.MD5)),
        ("sha1sum", command => DigestCommands.SumAsync(command, HashAlgorithmName.SHA1)),
        ("sha256sum", command => DigestCommands.SumAsync(command, HashAlgorithmName.SHA256)),
        ("sha512sum", command => DigestCommands.SumAsync(command, HashAlgorithmName.SHA512)),
        ("xargs", XargsCommand.RunAsync),
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
                await foreach (var line in new LineReader(stream, command).AllAsync())
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
                var reader = new LineReader(stream, command);
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
        var unit = text.Length > 0 ? char.ToLowerInvariant(text[^1]) switch { 'k' => 1024L, 'm' => 1024 * 1024, 'g' => 1024 * 1024 * 1024, 'b' => 512, _ => 1 } : 1;
        return long.TryParse(unit == 1 ? text : text[..^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number * unit : throw new FormatException($"invalid number '{text}'");
    }

    private static async Task<int> ReverseLinesAsync(Command command)
    {
        var lines = Lines(await command.ReadAsync(command.Arguments));
        command.Memory.Charge(lines.Count * LineBytes);
        for (var i = lines.Count - 1; i >= 0; i--)
            await command.SayAsync(lines[i] + "\n");
        return 0;
    }

    private static async Task<int> UniqueAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var sort = options.Has("i") ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        var (current, count) = ((string?)null, 0L);
        foreach (var (_, stream) in command.Inputs([.. options.Rest.Take(1)]))
            await using (stream)
            {
                var reader = new LineReader(stream, command);
                while (await reader.ReadAsync() is { } line)
                {
                    if (current is not null && string.Equals(current, line, sort))
                    {
                        count++;
                        continue;
                    }
                    await EndAsync();
                    command.Memory.Charge(line.Length);
                    (current, count) = (line, 1);
                }
            }
        await EndAsync();
        return 0;

        async Task EndAsync()
        {
            if (current is null)
                return;
            if ((!options.Has("d") || count > 1) && (!options.Has("u") || count == 1))
                await command.SayAsync(options.Has("c") ? string.Create(CultureInfo.InvariantCulture, $"{count,7} {current}\n") : current + "\n");
            command.Memory.Uncharge(current.Length);
        }
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

        string Set(string text)
        {
            text = text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\r", "\r", StringComparison.Ordinal)
                .Replace("\\0", "\0", StringComparison.Ordinal).Replace("[:upper:]", "A-Z", StringComparison.Ordinal).Replace("[:lower:]", "a-z", StringComparison.Ordinal)
                .Replace("[:digit:]", "0-9", StringComparison.Ordinal).Replace("[:alnum:]", "0-9A-Za-z", StringComparison.Ordinal).Replace("[:alpha:]", "A-Za-z", StringComparison.Ordinal)
                .Replace("[:space:]", " \t\n\r", StringComparison.Ordinal);
            return Regex.Replace(text, "(.)-(.)", match =>
            {
                var (first, last) = (match.Groups[1].Value[0], match.Groups[2].Value[0]);
                command.Memory.Charge(Math.Max(0, last - first + 1));
                return string.Concat(Enumerable.Range(first, Math.Max(0, last - first + 1)).Select(code => (char)code));
            }, RegexOptions.None, PatternTimeout);
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

}
