using ClusterSim.Client;
using ClusterSim.Scheduling.Framework;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>Binds pods through their <c>binding</c> subresource (<c>plugins/defaultbinder</c>).</summary>
internal sealed class DefaultBinder(ApiClient client) : IBindPlugin, IEnqueueExtensions
{
    private readonly ResourceType _pods = client.Resource("pods");

    /// <inheritdoc/>
    public string Name => nameof(DefaultBinder);

    /// <inheritdoc/>
    public ClusterEvents EventsToRegister => ClusterEvents.AssignedPodDelete;

    /// <inheritdoc/>
    public void Bind(Document pod, string nodeName) => client.CreateSubresource(_pods, pod.Key, "binding", Object(
        ("apiVersion", "v1"),
        ("kind", "Binding"),
        ("metadata", Object(("name", pod.Name), ("namespace", pod.Namespace), ("uid", pod.Uid))),
        ("target", Object(("kind", "Node"), ("name", nodeName)))));
}
