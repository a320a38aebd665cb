using ClusterSim.Storage;

namespace ClusterSim.Scheduling.Framework;

/// <summary>Binds a pod to a node.</summary>
internal interface IBindPlugin : IPlugin
{
    /// <summary>Binds the pod; throws if the API server rejects it.</summary>
    void Bind(Document pod, string nodeName);
}
