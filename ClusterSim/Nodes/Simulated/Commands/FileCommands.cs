using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>The everyday commands on files and text, over the container's own file system.</summary>
internal static class FileCommands
{
    // A pattern from a manifest must not hold a thread for ever.
    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    /// <summary>The commands by name.</summary>
    public static IEnumerable<(string Name, CommandMain Main)> All =>
    [
        ("cat", CatAsync),
        ("ls", ListAsync),
        ("mkdir", command => EachAsync(command, path => Directory.CreateDirectory(command.ResolveForWriting(path)))),
        ("touch", command => EachAsync(command, path => File.AppendAllText(command.ResolveForWriting(path), ""))),
        ("rm", RemoveAsync),
        ("cp", command => ToAsync(command, (from, to) => File.Copy(from, to, overwrite: true))),
        ("mv", command => ToAsync(command, (from, to) => File.Move(from, to, overwrite: true))),
        ("chmod", command => EachAsync(command, path => SetMode(command, path), skip: 1)),
        ("readlink", async command => await LineAsync(command, new FileInfo(command.Resolve(command.Arguments[^1])).LinkTarget)),
        ("stat", async command => await LineAsync(command, Path.Exists(command.Resolve(command.Arguments[^1])) ? $"  File: {command.Arguments[^1]}" : null)),
        ("head", command => LinesAsync(command, (lines, options) => lines.Take(Count(options)))),
        ("tail", TailAsync),
        ("grep", GrepAsync),
        ("wc", WordCountAsync),
        ("sort", command => LinesAsync(command, (lines, options) => options.Has("r") ? lines.OrderDescending(StringComparer.Ordinal) : lines.Order(StringComparer.Ordinal))),
        ("uniq", command => LinesAsync(command, (lines, _) => lines.Where((line, i) => i == 0 || lines[i - 1] != line))),
        ("cut", command => LinesAsync(command, Cut, "dfc")),
        ("tr", TranslateAsync),
        ("sed", SubstituteAsync),
        ("tee", TeeAsync),
    ];

    private static async Task<int> CatAsync(Command command)
    {
        await command.SayAsync(await command.ReadAsync(command.Arguments.Where(word => word == "-" || !word.StartsWith('-'))));
        return 0;
    }

    private static async Task<int> ListAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        foreach (var given in options.Rest.DefaultIfEmpty("."))
        {
            var path = command.Resolve(given);
            if (!Path.Exists(path))
                return await command.FailAsync($"{given}: No such file or directory");
            var names = File.Exists(path) ? [given] : Directory.EnumerateFileSystemEntries(path).Select(entry => Path.GetFileName(entry)!)
                .Where(name => options.Has("a") || name[0] != '.').Order(StringComparer.Ordinal).ToList();
            foreach (var name in names)
                await command.SayAsync(options.Has("l") ? Long(File.Exists(path) ? path : Path.Combine(path, name), name) : name + "\n");
        }
        return 0;
    }

    private static string Long(string path, string name)
    {
        var entry = Directory.Exists(path) ? (FileSystemInfo)new DirectoryInfo(path) : new FileInfo(path);
        var kind = entry.LinkTarget is not null ? 'l' : entry is DirectoryInfo ? 'd' : '-';
        var mode = (int)entry.UnixFileMode;
        var bits = string.Concat(Enumerable.Range(0, 9).Select(bit => (mode & (256 >> bit)) != 0 ? "rwx"[bit % 3] : '-'));
        var size = entry is FileInfo { Exists: true } file ? file.Length : 0;
        return string.Create(CultureInfo.InvariantCulture, $"{kind}{bits}    1 root     root     {size,9} {entry.LastWriteTimeUtc:MMM dd HH:mm} {name}{(entry.LinkTarget is { } to ? $" -> {to}" : "")}\n");
    }

    private static async Task<int> EachAsync(Command command, Action<string> change, int skip = 0)
    {
        var code = 0;
        foreach (var path in command.Arguments.Where(word => !word.StartsWith('-')).Skip(skip))
            try
            {
                change(path);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                code = await command.FailAsync($"{path}: {Words(failure)}");
            }
        return code;
    }

    private static Task<int> RemoveAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        return EachAsync(command, given =>
        {
            var path = command.ResolveForWriting(given);
            if (Directory.Exists(path) && options.Has("r"))
                Directory.Delete(path, recursive: true);
            else if (File.Exists(path))
                File.Delete(path);
            else if (!options.Has("f"))
                throw new FileNotFoundException();
        });
    }

    private static async Task<int> ToAsync(Command command, Action<string, string> move)
    {
        var paths = command.Arguments.Where(word => !word.StartsWith('-')).ToList();
        if (paths.Count < 2)
            return await command.FailAsync("missing file operand");
        foreach (var from in paths.SkipLast(1))
        {
            var to = command.ResolveForWriting(paths[^1]);
            if (!File.Exists(command.Resolve(from)))
                return await command.FailAsync($"can't stat '{from}': No such file or directory");
            move(command.Resolve(from), Directory.Exists(to) ? Path.Combine(to, Path.GetFileName(from)) : to);
        }
        return 0;
    }

    private static void SetMode(Command command, string path)
    {
        var mode = command.Arguments.First(word => !word.StartsWith('-'));
        if (!mode.All(digit => digit is >= '0' and <= '7'))
            throw new IOException($"mode {mode} is not supported by the simulator: give it in octal");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(command.ResolveForWriting(path), (UnixFileMode)Convert.ToInt32(mode, 8));
    }

    private static async Task<int> LineAsync(Command command, string? text)
    {
        if (text is null)
            return 1;
        await command.SayAsync(text + "\n");
        return 0;
    }

    private static async Task<int> LinesAsync(Command command, Func<List<string>, Options, IEnumerable<string>> change, string lettersWithValue = "nc")
    {
        var options = Options.Read(command.Arguments.Select(word => word.Length > 1 && word[0] == '-' && char.IsAsciiDigit(word[1]) ? "-n" + word[1..] : word).ToList(), lettersWithValue, []);
        var lines = Lines(await command.ReadAsync(options.Rest));
        await command.SayAsync(string.Concat(change(lines, options).Select(line => line + "\n")));
        return 0;
    }

    private static Task<int> TailAsync(Command command) => command.Arguments.Contains("-f")
        ? FollowAsync(command)
        : LinesAsync(command, (lines, options) => lines.TakeLast(Count(options)));

    private static async Task<int> FollowAsync(Command command)
    {
        var file = command.Arguments[^1];
        if (file == "/dev/null")
        {
            await command.Process.KilledAsync();
            return 137;
        }
        var path = command.Resolve(file);
        if (!File.Exists(path))
            return await command.FailAsync($"can't open '{file}': No such file or directory");
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var buffer = new byte[8192];
        while (true)
        {
            while (stream.Read(buffer) is var count and > 0)
                await command.Output.WriteAsync(buffer.AsMemory(0, count));
            await Task.Delay(TimeSpan.FromSeconds(1), command.Process.Clock, command.Process.Killed);
        }
    }

    private static int Count(Options options) => int.Parse(options.Value("n") ?? "10", NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static async Task<int> GrepAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "e", []);
        var pattern = options.Value("e") ?? options.Rest.FirstOrDefault() ?? "";
        var files = options.Value("e") is null ? options.Rest.Skip(1) : options.Rest;
        var regex = new Regex(
            options.Has("F") ? Regex.Escape(pattern) : pattern, RegexOptions.CultureInvariant | (options.Has("i") ? RegexOptions.IgnoreCase : RegexOptions.None), PatternTimeout);
        var found = Lines(await command.ReadAsync(files)).Where(line => regex.IsMatch(line) != options.Has("v")).ToList();
        if (options.Has("c"))
            await command.SayAsync(found.Count.ToString(CultureInfo.InvariantCulture) + "\n");
        else if (!options.Has("q"))
            await command.SayAsync(string.Concat(options.Has("o") ? found.SelectMany(line => regex.Matches(line).Select(match => match.Value + "\n")) : found.Select(line => line + "\n")));
        return found.Count > 0 ? 0 : 1;
    }

    private static async Task<int> WordCountAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var text = await command.ReadAsync(options.Rest);
        var (lines, words, bytes) = (text.Count(letter => letter == '\n'), text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length, Encoding.UTF8.GetByteCount(text));
        await command.SayAsync(options.Has("l") ? $"{lines}\n" : options.Has("w") ? $"{words}\n" : options.Has("c") ? $"{bytes}\n" : $"{lines,8}{words,10}{bytes,10}\n");
        return 0;
    }

    private static IEnumerable<string> Cut(List<string> lines, Options options)
    {
        var separator = options.Value("d") ?? "\t";
        var fields = (options.Value("f") ?? "1").Split(',').Select(field => int.Parse(field, CultureInfo.InvariantCulture) - 1).ToList();
        return lines.Select(line => line.Split(separator) is { Length: > 1 } parts ? string.Join(separator, fields.Where(field => field < parts.Length).Select(field => parts[field])) : line);
    }

    private static async Task<int> TranslateAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var from = Set(options.Rest[0]);
        var to = options.Rest.Count > 1 ? Set(options.Rest[1]) : "";
        var text = await command.ReadAsync([]);
        await command.SayAsync(string.Concat(text.Select(letter => from.IndexOf(letter, StringComparison.Ordinal) switch
        {
            < 0 => letter.ToString(),
            _ when options.Has("d") => "",
            var at => to[Math.Min(at, to.Length - 1)].ToString(),
        })));
        return 0;

        static string Set(string text)
        {
            text = text.Replace("\\n", "\n", StringComparison.Ordinal);
            return Regex.Replace(text, "(.)-(.)", match => string.Concat(Enumerable.Range(match.Groups[1].Value[0], match.Groups[2].Value[0] - match.Groups[1].Value[0] + 1).Select(code => (char)code)), RegexOptions.None, PatternTimeout);
        }
    }

    private static async Task<int> SubstituteAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "e", []);
        var script = options.Value("e") ?? options.Rest.FirstOrDefault() ?? "";
        if (script.Length < 4 || script[0] != 's' || script.Split(script[1]) is not [_, var pattern, var by, var flags])
            return await command.FailAsync($"'{script}' is not known to the simulated sed, which has s/pattern/replacement/[g]");
        var regex = new Regex(pattern, RegexOptions.CultureInvariant, PatternTimeout);
        var replacement = by.Replace("$", "$$", StringComparison.Ordinal).Replace("\\1", "$1", StringComparison.Ordinal).Replace("&", "$0", StringComparison.Ordinal);
        var lines = Lines(await command.ReadAsync(options.Value("e") is null ? options.Rest.Skip(1) : options.Rest));
        await command.SayAsync(string.Concat(lines.Select(line => regex.Replace(line, replacement, flags.Contains('g', StringComparison.Ordinal) ? -1 : 1) + "\n")));
        return 0;
    }

    private static async Task<int> TeeAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var text = await command.ReadAsync([]);
        foreach (var file in options.Rest)
        {
            if (options.Has("a"))
                File.AppendAllText(command.ResolveForWriting(file), text);
            else
                File.WriteAllText(command.ResolveForWriting(file), text);
        }
        await command.SayAsync(text);
        return 0;
    }

    private static List<string> Lines(string text)
    {
        var lines = text.Split('\n').ToList();
        if (lines[^1].Length == 0)
            lines.RemoveAt(lines.Count - 1);
        return lines;
    }

    private static string Words(Exception failure) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
        UnauthorizedAccessException => "Permission denied",
        _ => failure.Message,
    };
}
