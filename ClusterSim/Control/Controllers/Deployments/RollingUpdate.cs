using ClusterSim.Storage;

namespace ClusterSim.Controllers.Deployments;

/// <summary>The strategy that replaces pods gradually, within surge and availability (<c>rolling.go</c>).</summary>
internal static class RollingUpdate
{
    /// <summary>Scales the new ReplicaSet up or the old ones down, as far as is allowed now; returns when to look again.</summary>
    public static TimeSpan? Rollout(DeploymentSync sync)
    {
        NewReplicaSet.Sync(sync, create: true);
        var scaled = ReconcileNewReplicaSet(sync, sync.NewReplicaSet!) || ReconcileOldReplicaSets(sync);
        return DeploymentStatus.Finish(sync, scaled);
    }

    /// <summary>Returns the replicas that the new ReplicaSet may have now (<c>NewRSNewReplicas</c>).</summary>
    public static int NewReplicas(DeploymentSync sync, int current)
    {
        var deployment = sync.Deployment;
        if (!deployment.IsRollingUpdate())
            return deployment.Replicas();
        // Pods that an old ReplicaSet has yet to delete count too, so that the surge holds at every moment and not only in the specs.
        var total = sync.ReplicaSets.Sum(replicaSet => Math.Max(replicaSet.Replicas(), replicaSet.StatusCount("replicas")));
        var max = deployment.Replicas() + deployment.MaxSurge();
        return total >= max ? current : current + Math.Min(max - total, deployment.Replicas() - current);
    }

    private static bool ReconcileNewReplicaSet(DeploymentSync sync, Document replicaSet)
    {
        var desired = sync.Deployment.Replicas();
        if (replicaSet.Replicas() == desired)
            return false;
        return sync.ScaleReplicaSet(replicaSet, replicaSet.Replicas() > desired ? desired : NewReplicas(sync, replicaSet.Replicas()));
    }

    private static bool ReconcileOldReplicaSets(DeploymentSync sync)
    {
        if (!sync.OldReplicaSets.Any(replicaSet => replicaSet.Replicas() > 0))
            return false;
        var minAvailable = sync.Deployment.Replicas() - sync.Deployment.MaxUnavailable();
        var newReplicaSet = sync.NewReplicaSet!;
        var newUnavailable = newReplicaSet.Replicas() - newReplicaSet.StatusCount("availableReplicas");
        var maxScaledDown = sync.ReplicaSets.Sum(replicaSet => replicaSet.Replicas()) - minAvailable - newUnavailable;
        if (maxScaledDown <= 0)
            return false;
        var unhealthy = CleanupUnhealthyReplicas(sync, maxScaledDown);
        return unhealthy + ScaleDownOldReplicaSets(sync, minAvailable) > 0;
    }

    /// <summary>Removes pods of old ReplicaSets that are not available; returns their number.</summary>
    private static int CleanupUnhealthyReplicas(DeploymentSync sync, int maxCleanupCount)
    {
        var cleanedUp = 0;
        foreach (var replicaSet in sync.OldReplicaSets.Where(replicaSet => replicaSet.Replicas() > 0).ToList())
        {
            if (cleanedUp >= maxCleanupCount)
                break;
            var unhealthy = replicaSet.Replicas() - replicaSet.StatusCount("availableReplicas");
            if (unhealthy <= 0)
                continue;
            var count = Math.Min(maxCleanupCount - cleanedUp, unhealthy);
            sync.ScaleReplicaSet(replicaSet, replicaSet.Replicas() - count);
            cleanedUp += count;
        }
        return cleanedUp;
    }

    /// <summary>Scales old ReplicaSets down as far as availability allows; returns the number of pods.</summary>
    private static int ScaleDownOldReplicaSets(DeploymentSync sync, int minAvailable)
    {
        // Of a ReplicaSet that has yet to delete pods only those it keeps: the others would be counted twice.
        var available = sync.ReplicaSets.Sum(replicaSet => Math.Min(replicaSet.Replicas(), replicaSet.StatusCount("availableReplicas")));
        var totalScaleDownCount = available - minAvailable;
        var scaledDown = 0;
        foreach (var replicaSet in sync.OldReplicaSets.Where(replicaSet => replicaSet.Replicas() > 0).ToList())
        {
            if (scaledDown >= totalScaleDownCount)
                break;
            var count = Math.Min(replicaSet.Replicas(), totalScaleDownCount - scaledDown);
            sync.ScaleReplicaSet(replicaSet, replicaSet.Replicas() - count);
            scaledDown += count;
        }
        return scaledDown;
    }
}
