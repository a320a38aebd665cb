using System.Text.RegularExpressions;

namespace Tests.Cluster.Stories;

/// <summary>
/// What two runs of a story have in common: names' hashes and suffixes, addresses, ports, times and ages are of the run; so is how often a
/// probe happened to look at a pod that was on its way up or down, and which of several things at once was told first.
/// </summary>
internal static partial class StoryText
{
    /// <summary>A line without what is of the run.</summary>
    public static string Masked(string line)
    {
        line = Hash().Replace(line, "web-<hash>");
        line = PodSuffix().Replace(line, "<hash>-<suffix>");
        line = Suffix().Replace(line, "$1-<suffix>");
        line = Address().Replace(line, "<ip>");
        return Time().Replace(line, "<time>");
    }

    /// <summary>
    /// What kubectl said. Of a rollout on its way it tells what it happens to see, and here it is over sooner: those lines are left out. Lines
    /// that are told once for each pod or try are told once.
    /// </summary>
    public static string Said(string said) => string.Join('\n', said.Split('\n').Select(Masked).Select(Row).Where(line => line.Length > 0 && !Progress().IsMatch(line)).Distinct(StringComparer.Ordinal));

    /// <summary>
    /// Events, each as often as it was told, in no order. Left out: probes of pods that come or go, which are of the moment.
    /// </summary>
    public static IReadOnlyList<string> Events(IEnumerable<string> events) =>
        [.. events.Select(Masked).Select(told => told.Replace("(combined from similar events): ", "", StringComparison.Ordinal)).Where(told => !ProbeOfAMoment().IsMatch(told)).Order(StringComparer.Ordinal)];

    /// <summary>The rows of <c>kubectl get</c>: columns apart by one blank, without ages and durations, in the order of their text.</summary>
    public static IReadOnlyList<string> Rows(IEnumerable<string> rows) => [.. rows.Select(Masked).Select(Row).Where(row => row.Length > 0).Order(StringComparer.Ordinal)];

    private static string Row(string row) => Age().Replace(Blanks().Replace(row.Trim(), " "), " <age>");

    [GeneratedRegex("web-(?!<)[bcdfghjklmnpqrstvwxz2456789]{8,10}(?![a-z0-9])")]
    private static partial Regex Hash();

    [GeneratedRegex("<hash>-[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])")]
    private static partial Regex PodSuffix();

    [GeneratedRegex("(agent|once|stuck)-[bcdfghjklmnpqrstvwxz2456789]{5}(?![a-z0-9])")]
    private static partial Regex Suffix();

    [GeneratedRegex(@"\d+\.\d+\.\d+\.\d+(:(?!8080)\d+)?|<ip>:(?!8080)\d+")]
    private static partial Regex Address();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")]
    private static partial Regex Time();

    [GeneratedRegex("^Waiting for ")]
    private static partial Regex Progress();

    [GeneratedRegex("Readiness probe failed: Get ")]
    private static partial Regex ProbeOfAMoment();

    [GeneratedRegex(@" +")]
    private static partial Regex Blanks();

    [GeneratedRegex(@" (\d+[smhd])+(?= |$)")]
    private static partial Regex Age();
}
