using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tests.Cluster.Snapshots;

/// <summary>
/// A session in a shell, as a file: lines after <c>$ </c> are commands, what follows is what they print, and <c>[exit N]</c> where that is not 0.
/// What differs from run to run (ages, uids, addresses, random names…) stands in angle brackets; runs of blanks within a line are two blanks.
/// A command after a line <c># since 1.N</c> is left out where kubectl is older: it lacks the command, or asks for an API that Kubernetes has no more.
/// </summary>
internal static partial class KubectlSnapshot
{
    private const string SinceMark = "# since 1.";
    private const string ConditionsRule = "  ----  ------  ------";

    /// <summary>A transcript's commands, each with the oldest kubectl that has it (0: any) and the exit code it had.</summary>
    public static IReadOnlyList<(string Command, int Since, int Exit)> CommandsOf(string transcript)
    {
        var commands = new List<(string Command, int Since, int Exit)>();
        var since = 0;
        foreach (var line in transcript.Split('\n'))
            if (line.StartsWith(SinceMark, StringComparison.Ordinal))
                since = int.Parse(line[SinceMark.Length..], CultureInfo.InvariantCulture);
            else if (line.StartsWith("$ ", StringComparison.Ordinal))
                (commands, since) = ([.. commands, (line[2..], since, 0)], 0);
            else if (ExitLine().Match(line) is { Success: true } exit)
                commands[^1] = commands[^1] with { Exit = int.Parse(exit.Groups[1].Value, CultureInfo.InvariantCulture) };
        return commands;
    }

    /// <summary>A command with what it printed, as a snapshot has it.</summary>
    public static string Entry(string command, int since, string output, int exit)
    {
        var entry = new StringBuilder(since > 0 ? string.Create(CultureInfo.InvariantCulture, $"{SinceMark}{since}\n") : "").Append("$ ").Append(command).Append('\n');
        var lines = output.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n').Select(line => Normal(line).TrimEnd()).Where(line => line.Length > 0).ToList();
        foreach (var line in InOrder(lines))
            entry.Append(line).Append('\n');
        if (exit != 0)
            entry.Append("[exit ").Append(exit).Append("]\n");
        return entry.ToString();
    }

    // A workload's conditions stand in the order in which they last changed, which is a race between its pods.
    private static IEnumerable<string> InOrder(List<string> lines)
    {
        for (var start = lines.IndexOf(ConditionsRule) + 1; start > 0; start = lines.IndexOf(ConditionsRule, start) + 1)
        {
            var count = lines.Skip(start).TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal)).Count();
            lines.Sort(start, count, StringComparer.Ordinal);
        }
        return lines;
    }

    /// <summary>A line without what differs from run to run.</summary>
    public static string Normal(string line)
    {
        line = Uid().Replace(line, "<uid>");
        line = Instant().Replace(line, "<time>");
        line = ContainerId().Replace(line, "$1<id>");
        line = RandomSuffix().Replace(line, "-<random>");
        line = PodAddress().Replace(line, "<pod-ip>");
        line = ServiceAddress().Replace(line, "<service-ip>");
        line = Loopback().Replace(line, "127.0.0.1:<port>");
        line = NodePort().Replace(line, "<node-port>");
        line = Version().Replace(line, "$1<version>");
        line = Age().Replace(line, "<age>");
        return Blanks().Replace(line, "  ");
    }

    [GeneratedRegex(@"^\[exit (\d+)\]$")]
    private static partial Regex ExitLine();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000")]
    private static partial Regex Instant();

    [GeneratedRegex("(containerd://|sha256:)[0-9a-f]{64}")]
    private static partial Regex ContainerId();

    // Kubernetes draws random names from consonants and digits that make no words.
    [GeneratedRegex(@"(?<=[a-z0-9])-(?=[a-z0-9]*\d|[bcdfghjklmnpqrstvwxz]{5}\b)[bcdfghjklmnpqrstvwxz2456789]{5}(?![\w.-])")]
    private static partial Regex RandomSuffix();

    [GeneratedRegex(@"\b10\.244\.\d+\.\d+")]
    private static partial Regex PodAddress();

    [GeneratedRegex(@"\b10\.96\.\d+\.\d+")]
    private static partial Regex ServiceAddress();

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex Loopback();

    [GeneratedRegex(@"\b3[0-2]\d{3}(?=/TCP|\b.*NodePort)")]
    private static partial Regex NodePort();

    [GeneratedRegex("""(resourceVersion"?: "?)\d+""")]
    private static partial Regex Version();

    [GeneratedRegex(@"(?<![\w.=:/-])(\d+[dhms]){1,2}(?![\w.=])")]
    private static partial Regex Age();

    [GeneratedRegex(@"(?<=\S)(?:[ \t]{2,}|\t)")]
    private static partial Regex Blanks();
}
