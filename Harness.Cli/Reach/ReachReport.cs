using ClusterSim.Network.Policies;

namespace Harness.Reach;

/// <summary>A column: a port of a party.</summary>
/// <param name="Party">The party.</param>
/// <param name="Port">The port.</param>
/// <param name="IsOwn">Whether the party has it; or it is asked about because others do.</param>
internal readonly record struct ReachTarget(ReachParty Party, ReachPort Port, bool IsOwn)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Party.Name}:{Port}";
}

/// <summary>One connection, and what becomes of it.</summary>
internal readonly record struct ReachConnection(ReachParty From, ReachTarget To, NetworkPolicyVerdict Verdict);

/// <summary>Who reaches whom on which port. The reason of a verdict is put into words when it is asked for.</summary>
internal sealed class ReachReport(NetworkPolicyEvaluator evaluator, IReadOnlyList<ReachParty> sources, IReadOnlyList<ReachTarget> targets)
{
    /// <summary>The rows, in order.</summary>
    public IReadOnlyList<ReachParty> Sources => sources;

    /// <summary>The columns, in order.</summary>
    public IReadOnlyList<ReachTarget> Targets => targets;

    /// <summary>Every connection between a row and a column, by rows. What is outside is no affair of the cluster's with itself.</summary>
    public IEnumerable<ReachConnection> Connections
    {
        get
        {
            foreach (var from in sources)
                foreach (var to in targets)
                    if (from.Pod is not null || to.Party.Pod is not null)
                        yield return new ReachConnection(from, to, Verdict(from, to));
        }
    }

    /// <summary>The verdict on a connection.</summary>
    public NetworkPolicyVerdict Verdict(ReachParty from, ReachTarget to) =>
        evaluator.Evaluate(from.AsSource, to.Party.AsTarget(from), to.Port.Number, to.Port.Protocol);

    /// <summary>The rows and columns whose names match.</summary>
    public ReachReport Narrow(IReadOnlyList<string> from, IReadOnlyList<string> to) => new(
        evaluator,
        [.. sources.Where(source => from.Count == 0 || from.Any(pattern => ReachName.Matches(pattern, source.Name)))],
        [.. targets.Where(target => to.Count == 0 || to.Any(pattern => ReachName.Matches(pattern, target.Party.Name)))]);
}

/// <summary>Names of parties, and patterns for them.</summary>
internal static class ReachName
{
    /// <summary>Whether a name is meant: by itself, or by a pattern in which <c>*</c> stands for anything but a slash; a lone one for all.</summary>
    public static bool Matches(string pattern, string name)
    {
        if (pattern == "*" || pattern == name)
            return true;
        var (patterns, names) = (pattern.Split('/'), name.Split('/'));
        return patterns.Length == names.Length && patterns.Zip(names).All(pair => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pair.First, pair.Second, ignoreCase: false));
    }
}
