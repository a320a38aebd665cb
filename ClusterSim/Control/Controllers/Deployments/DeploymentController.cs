using System.Globalization;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Deployments;

/// <summary>
/// Rolls a pod template out through ReplicaSets (<c>pkg/controller/deployment</c>). One reconcile: claims the ReplicaSets; only scales a Deployment
/// that is paused or was scaled; otherwise the strategy moves pods from the old ReplicaSets to the new one.
/// </summary>
internal sealed class DeploymentController : Controller
{
    private readonly ControllerRefs _refs;
    private readonly ResourceType _deployments;
    private readonly ResourceType _replicaSets;

    /// <summary>A controller of Deployments.</summary>
    public DeploymentController(ControllerContext context)
        : base(context)
    {
        _deployments = Client.Resource("deployments", "apps");
        _replicaSets = Client.Resource("replicasets", "apps");
        var pods = Client.Resource("pods");
        _refs = new ControllerRefs(context, _replicaSets);
        ForEach(_deployments);
        ForOwners(_replicaSets, "Deployment");
        ForOrphans(_replicaSets, _deployments, deployment => LabelSelector.FromObject(deployment.Spec.At("selector")));
        // Recreate waits until the last old pod is deleted, which may no longer change the status of its ReplicaSet.
        context.Informers.Handle(pods, change =>
        {
            if (change.Change == StoreChange.Deleted
                && OwnerReferences.ControllerOf(change.Document) is { Kind: "ReplicaSet" } owner
                && Current(_replicaSets).Find(new ObjectKey(change.Document.Namespace, owner.Name)) is { } replicaSet
                && OwnerReferences.ControllerOf(replicaSet) is { Kind: "Deployment" } deployment)
                Queue.Add(new ObjectKey(replicaSet.Namespace, deployment.Name));
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_deployments).Find(key) is not { } deployment)
            return null;
        var selector = LabelSelector.FromObject(deployment.Spec.At("selector"));
        if (selector.IsEmpty)
        {
            Context.Events.Warning(deployment, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
            return null;
        }
        var sync = new DeploymentSync(Context, deployment, _refs.Claim(deployment, selector));
        if (deployment.IsDeleting)
            return DeploymentStatus.Sync(sync, judgesProgress: false);
        DeploymentProgress.CheckPausedConditions(sync);
        if (deployment.IsPaused() || IsScalingEvent(sync))
            return Scale(sync);
        return deployment.IsRollingUpdate() ? RollingUpdate.Rollout(sync) : Recreate.Rollout(sync);
    }

    /// <summary>Returns whether the Deployment's replicas changed since its ReplicaSets were scaled (<c>isScalingEvent</c>).</summary>
    private static bool IsScalingEvent(DeploymentSync sync) => sync.ReplicaSets.Any(replicaSet =>
        replicaSet.Replicas() > 0
        && int.TryParse(replicaSet.Annotation(DeploymentAnnotations.DesiredReplicas), NumberStyles.None, CultureInfo.InvariantCulture, out var desired)
        && desired != sync.Deployment.Replicas());

    private static TimeSpan? Scale(DeploymentSync sync)
    {
        NewReplicaSet.Sync(sync, create: false);
        ProportionalScaling.Scale(sync);
        if (sync.Deployment.IsPaused())
            RevisionHistory.Cleanup(sync);
        return DeploymentStatus.Sync(sync, judgesProgress: false);
    }
}
