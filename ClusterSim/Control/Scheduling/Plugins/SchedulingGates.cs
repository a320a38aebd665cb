using ClusterSim.Scheduling.Framework;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>Holds back pods that have scheduling gates (<c>plugins/schedulinggates</c>).</summary>
internal sealed class SchedulingGates : IPreEnqueuePlugin
{
    private static readonly Status Gated = Status.Unresolvable(nameof(SchedulingGates), "Scheduling is blocked due to non-empty scheduling gates");

    /// <inheritdoc/>
    public string Name => nameof(SchedulingGates);

    /// <inheritdoc/>
    public Status? PreEnqueue(Document pod) => pod.Spec.At("schedulingGates").Count() > 0 ? Gated : null;
}
