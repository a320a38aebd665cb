using System.Text.Json;

namespace ClusterSim.Scheduling.Framework;

/// <summary>A topology spread constraint of a pod.</summary>
/// <param name="MaxSkew">The largest difference in matching pods between a domain and the one with the fewest.</param>
/// <param name="TopologyKey">The node label whose value is the topology domain.</param>
/// <param name="IsRequired">Whether <c>whenUnsatisfiable</c> is <c>DoNotSchedule</c>.</param>
/// <param name="Selector">Selects the pods that are counted.</param>
/// <param name="MinDomains">With fewer domains than this, the smallest number of matching pods counts as 0.</param>
/// <param name="HonorsNodeAffinity">Whether nodes that the pod's node affinity excludes are not counted.</param>
/// <param name="HonorsNodeTaints">Whether nodes whose taints the pod does not tolerate are not counted.</param>
internal sealed record TopologySpreadConstraint(
    int MaxSkew, string TopologyKey, bool IsRequired, LabelSelector Selector, int MinDomains, bool HonorsNodeAffinity, bool HonorsNodeTaints)
{
    /// <summary>Reads a <c>TopologySpreadConstraint</c> of a pod with these labels.</summary>
    public static TopologySpreadConstraint Of(JsonElement constraint, IReadOnlyDictionary<string, string> labels) => new(
        constraint.At("maxSkew").Integer(1),
        constraint.At("topologyKey").Text(""),
        constraint.At("whenUnsatisfiable").Text("DoNotSchedule") == "DoNotSchedule",
        AffinityTerm.MergedSelector(constraint, labels),
        constraint.At("minDomains").Integer(1),
        constraint.At("nodeAffinityPolicy").Text("Honor") == "Honor",
        constraint.At("nodeTaintsPolicy").Text("Ignore") == "Honor");
}
