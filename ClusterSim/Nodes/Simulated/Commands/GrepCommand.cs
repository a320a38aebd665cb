using System.Globalization;
using System.Text.RegularExpressions;
using ClusterSim.Nodes.Simulated.Shell;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary><c>grep</c>, <c>egrep</c> and <c>fgrep</c>.</summary>
internal static class GrepCommand
{
    /// <summary>Prints the lines of files, or of standard input, that match; returns 0 where any does, 1 where none does, 2 on errors.</summary>
    public static async Task<int> RunAsync(Command command, bool isExtended)
    {
        var options = Options.Read(command.Arguments, "eABCm", []);
        var patterns = options.Values("e").ToList();
        var files = options.Rest;
        if (patterns.Count == 0)
        {
            if (files.Count == 0)
                return await command.FailAsync("usage: grep [-HhnlLoqvsriwFE] [-m N] [-A|B|C N] { PATTERN | -e PATTERN... } [FILE]...", 2);
            patterns.Add(files[0]);
            files.RemoveAt(0);
        }
        isExtended |= options.Has("E");
        var wanted = patterns.ConvertAll(pattern => PosixPattern.Regex(
            Bounded(options.Has("F") ? Regex.Escape(pattern) : pattern, options), isExtended || options.Has("F") || options.Has("w") || options.Has("x"), options.Has("i")));
        if (options.Has("r") || options.Has("R"))
            files = [.. files.DefaultIfEmpty(".").SelectMany(root => Below(command, root))];
        var most = options.Value("m") is { } limit ? TextCommands.Amount(limit) : long.MaxValue;
        var named = options.Has("H") || (!options.Has("h") && (files.Count > 1 || options.Has("r")));
        var around = (Before: TextCommands.Amount(options.Value("B") ?? options.Value("C") ?? "0"), After: TextCommands.Amount(options.Value("A") ?? options.Value("C") ?? "0"));
        var (any, failed) = (false, false);
        foreach (var file in files.DefaultIfEmpty("-"))
            try
            {
                foreach (var (name, stream) in command.Inputs([file]))
                    await using (stream)
                        any |= await PrintMatchesAsync(command, options, wanted, named ? (name == "-" ? "(standard input)" : name) : null, stream, most, around);
            }
            catch (IOException absent) when (absent is not BrokenPipeException)
            {
                failed = true;
                if (!options.Has("s"))
                    await command.FailAsync(absent.Message.Replace("can't open '", "", StringComparison.Ordinal).Replace("':", ":", StringComparison.Ordinal));
            }
        return any ? 0 : failed ? 2 : 1;
    }

    private static async Task<bool> PrintMatchesAsync(
        Command command, Options options, List<Regex> wanted, string? name, Stream stream, long most, (long Before, long After) around)
    {
        var reader = new LineReader(stream, command);
        var (found, number, after) = (0L, 0L, 0L);
        var before = new Queue<(long Number, string Line)>();
        while (found < most && await reader.ReadAsync() is { } line)
        {
            number++;
            if (wanted.Exists(regex => regex.IsMatch(line)) == options.Has("v"))
            {
                if (after-- > 0)
                    await SayAsync(number, '-', line);
                else if (around.Before > 0)
                {
                    command.Memory.Charge(line.Length);
                    before.Enqueue((number, line));
                }
                if (before.Count > around.Before)
                    command.Memory.Uncharge(before.Dequeue().Line.Length);
                continue;
            }
            found++;
            if (options.Has("q"))
                return true;
            if (options.Has("l") || options.Has("L") || options.Has("c"))
                continue;
            while (before.TryDequeue(out var earlier))
            {
                await SayAsync(earlier.Number, '-', earlier.Line);
                command.Memory.Uncharge(earlier.Line.Length);
            }
            after = around.After;
            foreach (var text in options.Has("o") && !options.Has("v") ? wanted.SelectMany(regex => regex.Matches(line)).Select(match => match.Value) : [line])
                await SayAsync(number, ':', text);
        }
        if (options.Has("c"))
            await command.SayAsync(string.Create(CultureInfo.InvariantCulture, $"{(name is null ? "" : name + ":")}{found}\n"));
        if (options.Has("l") ? found > 0 : options.Has("L") && found == 0)
            await command.SayAsync((name ?? "(standard input)") + "\n");
        return found > 0;

        Task SayAsync(long at, char sign, string text) => command.SayAsync(string.Create(
            CultureInfo.InvariantCulture, $"{(name is null ? "" : $"{name}{sign}")}{(options.Has("n") ? $"{at}{sign}" : "")}{text}\n"));
    }

    private static string Bounded(string pattern, Options options) =>
        options.Has("x") ? $"^({pattern})$" : options.Has("w") ? $"\\b({pattern})\\b" : pattern;

    /// <summary>The files below a path; links in it are left alone, as with <c>grep -r</c>.</summary>
    private static IEnumerable<string> Below(Command command, string root) =>
        !command.IsDirectory(root) ? [root]
        : command.Enumerate(root).SelectMany(child => child.Entry.IsDirectory ? Below(command, $"{root.TrimEnd('/')}/{child.Name}")
            : child.Entry.IsFile ? [$"{root.TrimEnd('/')}/{child.Name}"] : []);
}
