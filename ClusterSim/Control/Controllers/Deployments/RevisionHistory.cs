using ClusterSim.Objects;

namespace ClusterSim.Controllers.Deployments;

/// <summary>Limits the number of old ReplicaSets (<c>cleanupDeployment</c> of <c>sync.go</c>).</summary>
internal static class RevisionHistory
{
    private const int DefaultLimit = 10;

    /// <summary>Deletes the ReplicaSets with the oldest revisions beyond <c>revisionHistoryLimit</c>, if they have no pods.</summary>
    public static void Cleanup(DeploymentSync sync)
    {
        var limit = sync.Deployment.Spec.At("revisionHistoryLimit").Integer(DefaultLimit);
        if (limit == int.MaxValue)
            return;
        var cleanable = sync.OldReplicaSets.Where(replicaSet => !replicaSet.IsDeleting)
            .OrderBy(replicaSet => replicaSet.Revision()).ThenBy(replicaSet => replicaSet.Created()).ToList();
        foreach (var replicaSet in cleanable.Take(Math.Max(0, cleanable.Count - limit)))
            if (replicaSet.StatusCount("replicas") == 0 && replicaSet.Replicas() == 0
                && replicaSet.Generation() <= (replicaSet.Status.At("observedGeneration").Integer() ?? 0))
                sync.DeleteReplicaSet(replicaSet);
    }
}
