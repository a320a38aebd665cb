using System.Collections.Immutable;
using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>
/// Enforces the affinity and anti-affinity between pods, the pod's own and those of pods that are already placed, and prefers nodes accordingly
/// (<c>plugins/interpodaffinity</c>).
/// </summary>
internal sealed class InterPodAffinity(INodeInfoLister lister, Func<string, IReadOnlyDictionary<string, string>> namespaceLabels)
    : IPreFilterPlugin, IFilterPlugin, IPreScorePlugin, IScorePlugin, IEnqueueExtensions
{
    // HardPodAffinityWeight: a required affinity term of a placed pod also counts as a preferred one.
    private const int HardPodAffinityWeight = 1;

    private static readonly Status AffinityNotMatched = Status.Unresolvable(nameof(InterPodAffinity), "node(s) didn't match pod affinity rules");
    private static readonly Status AntiAffinityNotMatched = Status.Unschedulable(nameof(InterPodAffinity), "node(s) didn't match pod anti-affinity rules");
    private static readonly Status ExistingAntiAffinityNotMatched = Status.Unschedulable(
        nameof(InterPodAffinity), "node(s) didn't satisfy existing pods anti-affinity rules");

    /// <inheritdoc/>
    public string Name => nameof(InterPodAffinity);

    /// <inheritdoc/>
    public ClusterEvents EventsToRegister => ClusterEvents.AssignedPodAdd | ClusterEvents.AssignedPodDelete;

    /// <inheritdoc/>
    public bool CountsPods => true;

    /// <inheritdoc/>
    public Status? PreFilter(CycleState state, PodInfo pod, IEnumerable<NodeInfo> nodes)
    {
        var existing = lister.HavePodsWithAffinity ? ExistingAntiAffinity(pod, nodes) : [];
        if (pod.RequiredAffinityTerms.IsEmpty && pod.RequiredAntiAffinityTerms.IsEmpty && existing.Count == 0)
            return Status.Skip;
        state.Write(new PreFilterState(
            [.. pod.RequiredAffinityTerms.Select(term => Count(term, nodes))],
            [.. pod.RequiredAntiAffinityTerms.Select(term => Count(term, nodes))],
            existing,
            pod.RequiredAffinityTerms.All(term => Matches(term, pod))));
        return null;
    }

    /// <inheritdoc/>
    public Status? Filter(CycleState state, PodInfo pod, NodeInfo node)
    {
        var data = state.Read<PreFilterState>();
        if (!SatisfiesAffinity(data, pod, node))
            return AffinityNotMatched;
        for (var i = 0; i < pod.RequiredAntiAffinityTerms.Length; i++)
            if (node.Labels.TryGetValue(pod.RequiredAntiAffinityTerms[i].TopologyKey, out var domain) && data.AntiAffinityCounts[i].GetValueOrDefault(domain) > 0)
                return AntiAffinityNotMatched;
        foreach (var (key, value) in data.ExistingAntiAffinity)
            if (node.Labels.GetValueOrDefault(key) == value)
                return ExistingAntiAffinityNotMatched;
        return null;
    }

    /// <inheritdoc/>
    public Status? PreScore(CycleState state, PodInfo pod, IReadOnlyList<NodeInfo> nodes)
    {
        var existing = lister.HavePodsWithAffinity ? ExistingPreferences(pod, lister.Nodes) : [];
        if (pod.PreferredAffinityTerms.IsEmpty && existing.Count == 0)
            return Status.Skip;
        state.Write(new PreScoreState([.. pod.PreferredAffinityTerms.Select(term => Count(term, lister.Nodes))], existing));
        return null;
    }

    /// <inheritdoc/>
    public double Score(CycleState state, PodInfo pod, NodeInfo node)
    {
        var data = state.Read<PreScoreState>();
        double sum = 0;
        for (var i = 0; i < pod.PreferredAffinityTerms.Length; i++)
            if (node.Labels.TryGetValue(pod.PreferredAffinityTerms[i].TopologyKey, out var domain))
                sum += pod.PreferredAffinityTerms[i].Weight * data.PreferredCounts[i].GetValueOrDefault(domain);
        foreach (var ((key, value), weight) in data.ExistingPreferences)
            if (node.Labels.GetValueOrDefault(key) == value)
                sum += weight;
        return sum;
    }

    /// <inheritdoc/>
    public void NormalizeScore(Span<double> scores) => MinMaxNormalization.Apply(scores, reverse: false);

    private static bool SatisfiesAffinity(PreFilterState data, PodInfo pod, NodeInfo node)
    {
        if (pod.RequiredAffinityTerms.IsEmpty)
            return true;
        // The first pod of a group that requires its own company may start anywhere.
        var isFirst = data.MatchesOwnAffinity && data.AffinityCounts.All(counts => counts.Count == 0);
        for (var i = 0; i < pod.RequiredAffinityTerms.Length; i++)
        {
            if (!node.Labels.TryGetValue(pod.RequiredAffinityTerms[i].TopologyKey, out var domain))
                return false;
            if (!isFirst && data.AffinityCounts[i].GetValueOrDefault(domain) == 0)
                return false;
        }
        return true;
    }

    /// <summary>Returns the number of pods that the term selects, by topology domain.</summary>
    private Dictionary<string, int> Count(AffinityTerm term, IEnumerable<NodeInfo> nodes)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var matching = new Dictionary<LabelGroup, bool>();
        foreach (var node in nodes)
        {
            if (!node.Labels.TryGetValue(term.TopologyKey, out var domain))
                continue;
            foreach (var (group, pods) in node.Groups)
            {
                if (!matching.TryGetValue(group, out var matches))
                    matching[group] = matches = term.Matches(group.Namespace, group.Labels, namespaceLabels);
                if (matches)
                    counts[domain] = counts.GetValueOrDefault(domain) + pods;
            }
        }
        return counts;
    }

    /// <summary>Returns the topology domains in which placed pods do not accept the pod.</summary>
    private HashSet<(string Key, string Value)> ExistingAntiAffinity(PodInfo pod, IEnumerable<NodeInfo> nodes)
    {
        var domains = new HashSet<(string Key, string Value)>();
        foreach (var node in nodes)
            foreach (var existing in node.PodsWithAffinity)
                foreach (var term in existing.RequiredAntiAffinityTerms)
                    if (node.Labels.TryGetValue(term.TopologyKey, out var value) && Matches(term, pod))
                        domains.Add((term.TopologyKey, value));
        return domains;
    }

    /// <summary>Returns the weights with which placed pods prefer the pod in each topology domain.</summary>
    private Dictionary<(string Key, string Value), int> ExistingPreferences(PodInfo pod, IEnumerable<NodeInfo> nodes)
    {
        var weights = new Dictionary<(string Key, string Value), int>();
        foreach (var node in nodes)
            foreach (var existing in node.PodsWithAffinity)
            {
                foreach (var term in existing.PreferredAffinityTerms)
                    Add(node, term, term.Weight);
                foreach (var term in existing.RequiredAffinityTerms)
                    Add(node, term, HardPodAffinityWeight);
            }
        return weights;

        void Add(NodeInfo node, AffinityTerm term, int weight)
        {
            if (node.Labels.TryGetValue(term.TopologyKey, out var value) && Matches(term, pod))
                weights[(term.TopologyKey, value)] = weights.GetValueOrDefault((term.TopologyKey, value)) + weight;
        }
    }

    private bool Matches(AffinityTerm term, PodInfo pod) => term.Matches(pod.Group.Namespace, pod.Group.Labels, namespaceLabels);

    private sealed record PreFilterState(
        ImmutableArray<Dictionary<string, int>> AffinityCounts,
        ImmutableArray<Dictionary<string, int>> AntiAffinityCounts,
        HashSet<(string Key, string Value)> ExistingAntiAffinity,
        bool MatchesOwnAffinity);

    private sealed record PreScoreState(
        ImmutableArray<Dictionary<string, int>> PreferredCounts, Dictionary<(string Key, string Value), int> ExistingPreferences);
}
