using System.Text.Json;

namespace ClusterSim.Scheduling;

/// <summary>A topology spread constraint.</summary>
/// <param name="MaxSkew">How much the fullest place may differ from the emptiest.</param>
/// <param name="TopologyKey">The nodes' label.</param>
/// <param name="Hard">Whether it must hold (DoNotSchedule).</param>
/// <param name="Selector">Which pods are counted.</param>
/// <param name="MinDomains">With fewer places than this the emptiest counts as empty.</param>
/// <param name="HonorsAffinity">Whether nodes the pod's affinity excludes do not count.</param>
/// <param name="HonorsTaints">Whether nodes the pod does not tolerate do not count.</param>
internal sealed record SpreadConstraint(
    int MaxSkew, string TopologyKey, bool Hard, LabelSelector Selector, int MinDomains, bool HonorsAffinity, bool HonorsTaints)
{
    /// <summary>Reads a <c>TopologySpreadConstraint</c>.</summary>
    public static SpreadConstraint Of(JsonElement constraint, IReadOnlyDictionary<string, string> labels) => new(
        constraint.At("maxSkew").Integer(1),
        constraint.At("topologyKey").Text(""),
        constraint.At("whenUnsatisfiable").Text("DoNotSchedule") == "DoNotSchedule",
        PodTerm.WithOwnValues(constraint, labels),
        constraint.At("minDomains").Integer(1),
        constraint.At("nodeAffinityPolicy").Text("Honor") == "Honor",
        constraint.At("nodeTaintsPolicy").Text("Ignore") == "Honor");
}
