using ClusterSim.Objects;

namespace ClusterSim.Controllers.Deployments;

/// <summary>The strategy that starts new pods once the last old one has ended (<c>recreate.go</c>).</summary>
internal static class Recreate
{
    /// <summary>Scales the old ReplicaSets down, then the new one up; returns when to look again.</summary>
    public static TimeSpan? Rollout(DeploymentSync sync)
    {
        NewReplicaSet.Sync(sync, create: false);
        if (ScaleDownOldReplicaSets(sync) || OldPodsRunning(sync))
            return DeploymentStatus.Sync(sync, judgesProgress: true);
        NewReplicaSet.Sync(sync, create: true);
        var scaled = sync.ScaleReplicaSet(sync.NewReplicaSet!, sync.Deployment.Replicas());
        return DeploymentStatus.Finish(sync, scaled);
    }

    private static bool ScaleDownOldReplicaSets(DeploymentSync sync)
    {
        var scaled = false;
        foreach (var replicaSet in sync.OldReplicaSets.Where(replicaSet => replicaSet.Replicas() > 0).ToList())
            scaled |= sync.ScaleReplicaSet(replicaSet, 0);
        return scaled;
    }

    // Pods that are being deleted count as running.
    private static bool OldPodsRunning(DeploymentSync sync) => sync.OldReplicaSets.SelectMany(sync.PodsOf).Any(pod => !pod.IsEnded());
}
