using System.Collections.Immutable;
using ClusterSim.Objects;
using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>
/// Spreads pods over topology domains: rejects nodes that would violate a required constraint, and prefers those that preferred constraints
/// favor. The pods of a controller without constraints are spread over nodes and zones (<c>plugins/podtopologyspread</c>, system defaulting).
/// </summary>
internal sealed class PodTopologySpread(INodeInfoLister lister) : IPreFilterPlugin, IFilterPlugin, IPreScorePlugin, IScorePlugin, IEnqueueExtensions
{
    private const string ZoneLabel = "topology.kubernetes.io/zone";
    private const double MissingLabelScore = 1000;

    private static readonly Status Rejected = Status.Unschedulable(nameof(PodTopologySpread), "node(s) didn't match pod topology spread constraints");
    private static readonly Status LabelMissing = Status.Unresolvable(
        nameof(PodTopologySpread), "node(s) didn't match pod topology spread constraints (missing required label)");

    /// <inheritdoc/>
    public string Name => nameof(PodTopologySpread);

    /// <inheritdoc/>
    public ClusterEvents EventsToRegister => ClusterEvents.AssignedPodAdd | ClusterEvents.AssignedPodDelete;

    /// <inheritdoc/>
    public bool CountsPods => true;

    /// <inheritdoc/>
    public Status? PreFilter(CycleState state, PodInfo pod, IEnumerable<NodeInfo> nodes)
    {
        var constraints = Count(pod, nodes, required: true);
        if (constraints.IsEmpty)
            return Status.Skip;
        state.Write(new PreFilterState(constraints));
        return null;
    }

    /// <inheritdoc/>
    public Status? Filter(CycleState state, PodInfo pod, NodeInfo node)
    {
        foreach (var counts in state.Read<PreFilterState>().Constraints)
        {
            if (!node.Labels.TryGetValue(counts.Constraint.TopologyKey, out var domain))
                return LabelMissing;
            var self = counts.Constraint.Selector.Matches(pod.Group.Labels) ? 1 : 0;
            if (counts.PodsByDomain.GetValueOrDefault(domain) + self - counts.MinMatchNum > counts.Constraint.MaxSkew)
                return Rejected;
        }
        return null;
    }

    /// <inheritdoc/>
    public Status? PreScore(CycleState state, PodInfo pod, IReadOnlyList<NodeInfo> nodes)
    {
        var constraints = pod.TopologySpreadConstraints.IsEmpty ? [] : Count(pod, lister.Nodes, required: false);
        if (!constraints.IsEmpty)
        {
            state.Write(new PreScoreState { Constraints = constraints });
            return null;
        }
        if (!pod.TopologySpreadConstraints.IsEmpty || pod.Pod.ControllerUid is not { } controller)
            return Status.Skip;
        Dictionary<string, int>? zones = null;
        foreach (var node in nodes)
            if (node.Labels.TryGetValue(ZoneLabel, out var zone))
            {
                zones ??= new(StringComparer.Ordinal);
                zones[zone] = zones.GetValueOrDefault(zone) + node.PodsOf(controller);
            }
        state.Write(new PreScoreState
        {
            Controller = controller,
            NodeWeight = Math.Log(nodes.Count + 2),
            Zones = zones,
            ZoneWeight = zones is null ? 0 : Math.Log(zones.Count + 2),
        });
        return null;
    }

    /// <inheritdoc/>
    public double Score(CycleState state, PodInfo pod, NodeInfo node)
    {
        var data = state.Read<PreScoreState>();
        if (data.Controller is { } controller)
        {
            var score = node.PodsOf(controller) * data.NodeWeight;
            return data.Zones is not null && node.Labels.TryGetValue(ZoneLabel, out var zone) ? score + (data.Zones[zone] * data.ZoneWeight) : score;
        }
        double sum = 0;
        foreach (var counts in data.Constraints)
            sum += node.Labels.TryGetValue(counts.Constraint.TopologyKey, out var domain)
                ? (counts.PodsByDomain.GetValueOrDefault(domain) * Math.Log(counts.PodsByDomain.Count + 2)) + counts.Constraint.MaxSkew - 1
                : MissingLabelScore;
        return sum;
    }

    /// <inheritdoc/>
    public void NormalizeScore(Span<double> scores) => MinMaxNormalization.Apply(scores, reverse: true);

    private static ImmutableArray<TopologyCounts> Count(PodInfo pod, IEnumerable<NodeInfo> nodes, bool required) =>
        [.. pod.TopologySpreadConstraints.Where(constraint => constraint.IsRequired == required).Select(constraint => new TopologyCounts(constraint, Count(pod, constraint, nodes)))];

    private static Dictionary<string, int> Count(PodInfo pod, TopologySpreadConstraint constraint, IEnumerable<NodeInfo> nodes)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        var matching = new Dictionary<LabelGroup, bool>();
        foreach (var node in nodes)
        {
            // Only nodes with the labels of all constraints are counted (nodeLabelsMatchSpreadConstraints).
            if (!node.Labels.TryGetValue(constraint.TopologyKey, out var domain)
                || !IsCounted(pod, constraint, node)
                || (pod.TopologySpreadConstraints.Length > 1
                    && !pod.TopologySpreadConstraints.Where(other => other.IsRequired == constraint.IsRequired).All(other => node.Labels.ContainsKey(other.TopologyKey))))
                continue;
            var count = counts.GetValueOrDefault(domain);
            foreach (var (group, pods) in node.Groups)
            {
                if (!matching.TryGetValue(group, out var matches))
                    matching[group] = matches = group.Namespace == pod.Group.Namespace && constraint.Selector.Matches(group.Labels);
                if (matches)
                    count += pods;
            }
            counts[domain] = count;
        }
        return counts;
    }

    /// <summary>Returns whether the constraint's inclusion policies count the node (<c>matchNodeInclusionPolicies</c>).</summary>
    private static bool IsCounted(PodInfo pod, TopologySpreadConstraint constraint, NodeInfo node) =>
        (!constraint.HonorsNodeAffinity || pod.RequiredNodeAffinity.Match(node.Name, node.Labels))
        && (!constraint.HonorsNodeTaints || Toleration.FindMatchingUntoleratedTaint(node.Taints, pod.Tolerations) is null);

    /// <summary>A constraint with the number of matching pods in each domain.</summary>
    private sealed class TopologyCounts(TopologySpreadConstraint constraint, Dictionary<string, int> podsByDomain)
    {
        public TopologySpreadConstraint Constraint { get; } = constraint;

        public Dictionary<string, int> PodsByDomain { get; } = podsByDomain;

        /// <summary>The smallest number of matching pods in a domain; 0 while there are fewer domains than <c>minDomains</c>.</summary>
        public int MinMatchNum { get; } = podsByDomain.Count < constraint.MinDomains || podsByDomain.Count == 0 ? 0 : podsByDomain.Values.Min();
    }

    private sealed record PreFilterState(ImmutableArray<TopologyCounts> Constraints);

    private sealed record PreScoreState
    {
        public ImmutableArray<TopologyCounts> Constraints { get; init; } = [];

        /// <summary>The controller whose pods are spread by default; null if the pod has constraints.</summary>
        public string? Controller { get; init; }

        public double NodeWeight { get; init; }

        public Dictionary<string, int>? Zones { get; init; }

        public double ZoneWeight { get; init; }
    }
}
