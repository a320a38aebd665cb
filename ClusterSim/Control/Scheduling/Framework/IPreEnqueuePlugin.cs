using ClusterSim.Storage;

namespace ClusterSim.Scheduling.Framework;

/// <summary>Decides whether a pod may be scheduled at all.</summary>
internal interface IPreEnqueuePlugin : IPlugin
{
    /// <summary>Returns null if the pod may be scheduled, otherwise the reason why not.</summary>
    Status? PreEnqueue(Document pod);
}
