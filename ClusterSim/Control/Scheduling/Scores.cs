using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>
/// Which of the nodes that can take a pod is best: kube-scheduler's default plugins and weights, each 0 to 100 before its weight: least
/// allocated and balanced (1), image locality (1), taints (3), node affinity (2), spread (2), pod affinity (2).
/// </summary>
internal static class Scores
{
    private const double Max = 100;
    private const double ImageBytesMin = 23 * 1024 * 1024;
    private const double ImageBytesMaxPerContainer = 1000.0 * 1024 * 1024;

    /// <summary>The best of these nodes; of equals the dice choose.</summary>
    public static NodeInfo Best(PodInfo pod, List<NodeInfo> nodes, PlacementState state, int nodesTotal, Randomness random)
    {
        if (nodes.Count == 1)
            return nodes[0];
        var scores = new double[nodes.Count];
        for (var i = 0; i < nodes.Count; i++)
            scores[i] = Resources(pod, nodes[i]);
        if (nodes.Exists(node => node.Taints.Any(taint => taint.Effect == "PreferNoSchedule")))
            AddNormalized(scores, nodes, 3, reverse: true, node => node.Taints.Count(taint => taint.Effect == "PreferNoSchedule" && !Filters.Tolerates(pod, taint)));
        if (!pod.PreferredNodes.IsEmpty)
            AddNormalized(scores, nodes, 2, reverse: false, node => pod.PreferredNodes.Sum(one => one.Nodes.Matches(node.Name, node.Labels) ? one.Weight : 0));
        AddSpread(pod, nodes, state, scores);
        AddPodAffinity(pod, nodes, state, scores);
        if (nodes.Exists(node => pod.Images.Any(node.Images.ContainsKey)))
            AddImages(pod, nodes, nodesTotal, scores);

        var best = 0;
        var ties = 1;
        for (var i = 1; i < scores.Length; i++)
        {
            if (scores[i] > scores[best])
                (best, ties) = (i, 1);
            else if (scores[i] == scores[best] && random.Next(++ties) == 0)
                best = i;
        }
        return nodes[best];
    }

    /// <summary>Free is better, and cpu and memory used alike is better (the scores are whole numbers, as there).</summary>
    private static double Resources(PodInfo pod, NodeInfo node)
    {
        var cpu = Fraction(node.ScoredMilliCpu + pod.Scored.MilliCpu, node.Allocatable.MilliCpu);
        var memory = Fraction(node.ScoredMemory + pod.Scored.Memory, node.Allocatable.Memory);
        var least = Math.Floor((Math.Floor((1 - cpu) * Max) + Math.Floor((1 - memory) * Max)) / 2);
        var balanced = 1.0;
        if (pod.Requests.MilliCpu > 0 || pod.Requests.Memory > 0)
        {
            var usedCpu = Fraction(node.Requested.MilliCpu + pod.Requests.MilliCpu, node.Allocatable.MilliCpu);
            var usedMemory = Fraction(node.Requested.Memory + pod.Requests.Memory, node.Allocatable.Memory);
            balanced = 1 - (Math.Abs(usedCpu - usedMemory) / 2);
        }
        return least + Math.Floor(balanced * Max);
    }

    private static double Fraction(long used, long all) => all <= 0 ? 1 : Math.Min(1, (double)used / all);

    private static void AddSpread(PodInfo pod, List<NodeInfo> nodes, PlacementState state, double[] scores)
    {
        var soft = state.Spread.Where(count => !count.Constraint.Hard).ToList();
        if (soft.Count > 0)
        {
            AddNormalized(scores, nodes, 2, reverse: true, node => soft.Sum(count =>
                node.Labels.TryGetValue(count.Constraint.TopologyKey, out var place)
                    ? (count.ByPlace.GetValueOrDefault(place) * Math.Log(count.ByPlace.Count + 2)) + count.Constraint.MaxSkew - 1
                    : 1000));
            return;
        }
        // Without constraints of its own, a controller's pods are spread over nodes and, more weakly, zones.
        if (!pod.Spread.IsEmpty || pod.Pod.ControllerUid is not { } controller)
            return;
        const string zoneLabel = "topology.kubernetes.io/zone";
        Dictionary<string, int>? zones = null;
        foreach (var node in nodes)
            if (node.Labels.TryGetValue(zoneLabel, out var zone))
            {
                zones ??= new(StringComparer.Ordinal);
                zones[zone] = zones.GetValueOrDefault(zone) + node.Siblings(controller);
            }
        var nodeWeight = Math.Log(nodes.Count + 2);
        if (zones is null)
        {
            AddNormalized(scores, nodes, 2, reverse: true, node => node.Siblings(controller) * nodeWeight);
            return;
        }
        var zoneWeight = Math.Log(zones.Count + 2);
        AddNormalized(scores, nodes, 2, reverse: true, node =>
            (node.Siblings(controller) * nodeWeight) + (node.Labels.TryGetValue(zoneLabel, out var zone) ? zones[zone] * zoneWeight : 0));
    }

    private static void AddPodAffinity(PodInfo pod, List<NodeInfo> nodes, PlacementState state, double[] scores)
    {
        if (pod.PreferredAffinity.IsEmpty && state.Liked.Count == 0)
            return;
        AddNormalized(scores, nodes, 2, reverse: false, node =>
        {
            double sum = 0;
            for (var i = 0; i < pod.PreferredAffinity.Length; i++)
                if (node.Labels.TryGetValue(pod.PreferredAffinity[i].TopologyKey, out var place))
                    sum += pod.PreferredAffinity[i].Weight * state.Preferred[i].GetValueOrDefault(place);
            foreach (var ((key, value), weight) in state.Liked)
                if (node.Labels.GetValueOrDefault(key) == value)
                    sum += weight;
            return sum;
        });
    }

    private static void AddImages(PodInfo pod, List<NodeInfo> nodes, int nodesTotal, double[] scores)
    {
        var spread = pod.Images.ToDictionary(image => image, image => (double)nodes.Count(node => node.Images.ContainsKey(image)) / nodesTotal, StringComparer.Ordinal);
        var max = ImageBytesMaxPerContainer * pod.Images.Length;
        for (var i = 0; i < nodes.Count; i++)
        {
            var bytes = pod.Images.Sum(image => nodes[i].Images.GetValueOrDefault(image) * spread[image]);
            scores[i] += Math.Floor(Max * (Math.Clamp(bytes, ImageBytesMin, max) - ImageBytesMin) / (max - ImageBytesMin));
        }
    }

    /// <summary>Adds a score scaled to 0..100, over the lowest and highest there are.</summary>
    private static void AddNormalized(double[] scores, List<NodeInfo> nodes, double weight, bool reverse, Func<NodeInfo, double> score)
    {
        var raw = new double[nodes.Count];
        var (low, high) = (double.MaxValue, double.MinValue);
        for (var i = 0; i < raw.Length; i++)
        {
            raw[i] = score(nodes[i]);
            low = Math.Min(low, raw[i]);
            high = Math.Max(high, raw[i]);
        }
        if (high <= low)
            return;
        for (var i = 0; i < raw.Length; i++)
        {
            var scaled = Math.Floor(Max * (raw[i] - low) / (high - low));
            scores[i] += weight * (reverse ? Max - scaled : scaled);
        }
    }
}
