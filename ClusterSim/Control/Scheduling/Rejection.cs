using System.Collections.Immutable;

namespace ClusterSim.Scheduling;

/// <summary>Why a node does not take a pod.</summary>
/// <param name="Plugin">The filter that says so, by kube-scheduler's name.</param>
/// <param name="IsResolvable">Whether removing other pods could help.</param>
/// <param name="Reasons">In kube-scheduler's words.</param>
internal sealed record Rejection(string Plugin, bool IsResolvable, ImmutableArray<string> Reasons)
{
    public static Rejection Unresolvable(string plugin, string reason) => new(plugin, false, [reason]);

    public static Rejection Resolvable(string plugin, string reason) => new(plugin, true, [reason]);
}
