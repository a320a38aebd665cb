using System.Collections.Immutable;

namespace ClusterSim.Scheduling;

/// <summary>
/// What is the same for all nodes while one pod is being placed: how many pods each place holds that a spread constraint or an affinity term
/// counts (the PreFilter of <c>podtopologyspread</c> and <c>interpodaffinity</c>).
/// </summary>
internal sealed class PlacementState
{
    private readonly PodInfo _pod;
    private readonly Func<string, IReadOnlyDictionary<string, string>> _namespaceLabels;

    /// <summary>Counts, over all <paramref name="nodes"/>.</summary>
    public PlacementState(PodInfo pod, IReadOnlyList<NodeInfo> nodes, bool anyTerms, Func<string, IReadOnlyDictionary<string, string>> namespaceLabels)
    {
        _pod = pod;
        _namespaceLabels = namespaceLabels;
        Spread = [.. pod.Spread.Select(constraint => new SpreadCount(constraint, CountSpread(constraint, nodes)))];
        Affinity = [.. pod.Affinity.Select(term => CountTerm(term, nodes))];
        AntiAffinity = [.. pod.AntiAffinity.Select(term => CountTerm(term, nodes))];
        Preferred = [.. pod.PreferredAffinity.Select(term => CountTerm(term, nodes))];
        MatchesItsOwnAffinity = pod.Affinity.All(term => Matches(term, pod));
        if (anyTerms)
            CountExisting(nodes);
    }

    public ImmutableArray<SpreadCount> Spread { get; }
    public ImmutableArray<Dictionary<string, int>> Affinity { get; }
    public ImmutableArray<Dictionary<string, int>> AntiAffinity { get; }
    public ImmutableArray<Dictionary<string, int>> Preferred { get; }

    /// <summary>Whether the first pod of a group that wants to be together may start somewhere.</summary>
    public bool MatchesItsOwnAffinity { get; }

    /// <summary>Places that pods already there want to be free of this one.</summary>
    public HashSet<(string Key, string Value)> Forbidden { get; } = [];

    /// <summary>What pods already there would like of this one, by place.</summary>
    public Dictionary<(string Key, string Value), int> Liked { get; } = [];

    /// <summary>Whether a node takes part in a constraint.</summary>
    public static bool TakesPart(PodInfo pod, SpreadConstraint constraint, NodeInfo node) =>
        (!constraint.HonorsAffinity || Filters.MatchesNodeAffinity(pod, node))
        && (!constraint.HonorsTaints || Filters.UntoleratedTaint(pod, node) is null);

    private Dictionary<string, int> CountSpread(SpreadConstraint constraint, IReadOnlyList<NodeInfo> nodes)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var memo = new Dictionary<LabelGroup, bool>();
        foreach (var node in nodes)
        {
            // A node takes part only if it has the labels of all constraints alike.
            if (!node.Labels.TryGetValue(constraint.TopologyKey, out var value)
                || !TakesPart(_pod, constraint, node)
                || (_pod.Spread.Length > 1 && !_pod.Spread.Where(other => other.Hard == constraint.Hard).All(other => node.Labels.ContainsKey(other.TopologyKey))))
                continue;
            var count = counts.GetValueOrDefault(value);
            foreach (var (group, pods) in node.Groups)
            {
                if (!memo.TryGetValue(group, out var matches))
                    memo[group] = matches = group.Namespace == _pod.Group.Namespace && constraint.Selector.Matches(group.Labels);
                if (matches)
                    count += pods;
            }
            counts[value] = count;
        }
        return counts;
    }

    private Dictionary<string, int> CountTerm(PodTerm term, IReadOnlyList<NodeInfo> nodes)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var memo = new Dictionary<LabelGroup, bool>();
        foreach (var node in nodes)
        {
            if (!node.Labels.TryGetValue(term.TopologyKey, out var value))
                continue;
            foreach (var (group, pods) in node.Groups)
            {
                if (!memo.TryGetValue(group, out var matches))
                    memo[group] = matches = term.Matches(group.Namespace, group.Labels, _namespaceLabels);
                if (matches)
                    counts[value] = counts.GetValueOrDefault(value) + pods;
            }
        }
        return counts;
    }

    private void CountExisting(IReadOnlyList<NodeInfo> nodes)
    {
        foreach (var node in nodes)
        {
            if (node.WithTerms == 0)
                continue;
            foreach (var existing in node.Pods)
            {
                foreach (var term in existing.AntiAffinity)
                    if (node.Labels.TryGetValue(term.TopologyKey, out var value) && Matches(term, _pod))
                        Forbidden.Add((term.TopologyKey, value));
                foreach (var term in existing.PreferredAffinity)
                    if (node.Labels.TryGetValue(term.TopologyKey, out var value) && Matches(term, _pod))
                        Liked[(term.TopologyKey, value)] = Liked.GetValueOrDefault((term.TopologyKey, value)) + term.Weight;
                // HardPodAffinityWeight: what must be together is also liked to be, by one.
                foreach (var term in existing.Affinity)
                    if (node.Labels.TryGetValue(term.TopologyKey, out var value) && Matches(term, _pod))
                        Liked[(term.TopologyKey, value)] = Liked.GetValueOrDefault((term.TopologyKey, value)) + 1;
            }
        }
    }

    private bool Matches(PodTerm term, PodInfo pod) => term.Matches(pod.Group.Namespace, pod.Group.Labels, _namespaceLabels);
}

/// <summary>A constraint and how many pods each place holds.</summary>
internal sealed class SpreadCount(SpreadConstraint constraint, Dictionary<string, int> byPlace)
{
    public SpreadConstraint Constraint { get; } = constraint;
    public Dictionary<string, int> ByPlace { get; } = byPlace;

    /// <summary>How many the emptiest place holds; none while there are fewer places than asked for.</summary>
    public int Emptiest { get; } = byPlace.Count < constraint.MinDomains || byPlace.Count == 0 ? 0 : byPlace.Values.Min();
}
