using System.Globalization;
using System.Text.RegularExpressions;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary><c>sort [-nrufk] [-t SEP] [-o FILE] [file…]</c>. It holds all lines.</summary>
internal static class SortCommand
{
    // What a line and its key cost besides their content.
    private const long LineBytes = 96;

    private static readonly TimeSpan PatternTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "kto", []);
        var lines = TextCommands.Lines(await command.ReadAsync(options.Rest));
        command.Memory.Charge(lines.Count * LineBytes);
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
        // The input is read by now: the output may be the same file.
        await using var file = options.Value("o") is { } to ? command.Files.OpenWrite(command.Absolute(to), FileMode.Create) : null;
        foreach (var line in sorted)
        {
            command.Process.Killed.ThrowIfCancellationRequested();
            await (file ?? command.Output).SayAsync(line + "\n");
        }
        return 0;

        string Key(string line)
        {
            command.Process.Killed.ThrowIfCancellationRequested();
            if (field == 0)
                return line;
            command.Memory.Charge(line.Length);
            var parts = separator is null ? line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : line.Split(separator);
            return string.Join(separator ?? " ", parts.Skip(field - 1));
        }

        static double Number(string text) =>
            double.TryParse(Regex.Match(text.TrimStart(), "^-?[0-9]*\\.?[0-9]+", RegexOptions.None, PatternTimeout).Value, CultureInfo.InvariantCulture, out var value) ? value : 0;
    }
}
