using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.ReplicaSets;

/// <summary>Keeps so many pods of a template, the old way: as ReplicaSets, with a plain map for a selector (<c>pkg/controller/replication</c>).</summary>
internal sealed class ReplicationController(ControllerContext context) : ReplicaSetController(context, context.Client.Resource("replicationcontrollers"))
{
    /// <inheritdoc/>
    protected override LabelSelector SelectorOf(Document set) => PlainSelector.Of(set.Spec.At("selector"));
}
