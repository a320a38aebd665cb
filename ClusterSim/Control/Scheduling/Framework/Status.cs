using System.Collections.Immutable;

namespace ClusterSim.Scheduling.Framework;

/// <summary>The result of a plugin (<c>framework.Status</c>); success is null.</summary>
/// <param name="Code">The kind of outcome.</param>
/// <param name="Plugin">The plugin's name.</param>
/// <param name="Reasons">The reasons in kube-scheduler's words.</param>
internal sealed record Status(Code Code, string Plugin, ImmutableArray<string> Reasons)
{
    /// <summary>The plugin has nothing to do for the pod.</summary>
    public static Status Skip { get; } = new(Code.Skip, "", []);

    /// <summary>The pod does not fit; removing other pods may help.</summary>
    public static Status Unschedulable(string plugin, string reason) => new(Code.Unschedulable, plugin, [reason]);

    /// <summary>The pod does not fit, and removing other pods does not help.</summary>
    public static Status Unresolvable(string plugin, string reason) => new(Code.UnschedulableAndUnresolvable, plugin, [reason]);
}
