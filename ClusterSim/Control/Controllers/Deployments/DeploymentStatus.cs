using System.Text.Json.Nodes;
using ClusterSim.Objects;

namespace ClusterSim.Controllers.Deployments;

/// <summary>Writes the status of a Deployment (<c>syncRolloutStatus</c> of <c>progress.go</c>, <c>calculateStatus</c> of <c>sync.go</c>).</summary>
internal static class DeploymentStatus
{
    /// <summary>Ends a strategy's reconcile: limits the revision history once the rollout is complete, and writes the status.</summary>
    public static TimeSpan? Finish(DeploymentSync sync, bool scaled)
    {
        if (!scaled && DeploymentProgress.IsComplete(sync.Deployment, sync.Deployment.Status.ToObject()))
            RevisionHistory.Cleanup(sync);
        return Sync(sync, judgesProgress: true);
    }

    /// <summary>
    /// Writes the status. It is calculated from the ReplicaSets as this reconcile read or created them, as upstream does: a new ReplicaSet counts
    /// as empty, so that its first pods count as progress. Returns when to check the progress deadline.
    /// </summary>
    public static TimeSpan? Sync(DeploymentSync sync, bool judgesProgress)
    {
        sync.Refresh();
        var before = sync.Deployment.Status.ToObject();
        var status = Calculate(sync);
        if (judgesProgress)
            DeploymentProgress.Update(sync, before, status);
        CopyReplicaFailure(sync, status);
        var deployment = sync.Deployment;
        if (!JsonNode.DeepEquals(before, status))
            sync.WriteStatus(status);
        return judgesProgress ? DeploymentProgress.UntilDeadline(deployment, status, sync.Now) : null;
    }

    private static JsonObject Calculate(DeploymentSync sync)
    {
        var now = sync.Now;
        var deployment = sync.Deployment;
        var status = deployment.Status.ToObject();
        var total = sync.ReplicaSets.Sum(replicaSet => replicaSet.Replicas());
        var available = Sum("availableReplicas");
        status["observedGeneration"] = deployment.Generation();
        Conditions.Count(status, "replicas", Sum("replicas"));
        Conditions.Count(status, "updatedReplicas", sync.NewReplicaSet?.StatusCount("replicas") ?? 0);
        Conditions.Count(status, "readyReplicas", Sum("readyReplicas"));
        Conditions.Count(status, "availableReplicas", available);
        Conditions.Count(status, "unavailableReplicas", Math.Max(0, total - available));
        status["terminatingReplicas"] = Sum("terminatingReplicas");
        if (available >= deployment.Replicas() - deployment.MaxUnavailable())
            Conditions.Set(status, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now, ("lastUpdateTime", now.Stamp()));
        else
            Conditions.Set(status, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now, ("lastUpdateTime", now.Stamp()));
        return status;

        int Sum(string count) => sync.ReplicaSets.Sum(replicaSet => replicaSet.StatusCount(count));
    }

    private static void CopyReplicaFailure(DeploymentSync sync, JsonObject status)
    {
        var now = sync.Now;
        var failure = sync.NewReplicaSet?.Condition("ReplicaFailure") ?? default;
        if (!failure.Exists())
            failure = sync.ReplicaSets.Select(replicaSet => replicaSet.Condition("ReplicaFailure")).FirstOrDefault(condition => condition.Exists());
        if (failure.Exists())
            Conditions.Set(
                status, "ReplicaFailure", failure.At("status").Text("True"), failure.At("reason").Text(), failure.At("message").Text(), now,
                ("lastUpdateTime", now.Stamp()));
        else
            Conditions.Remove(status, "ReplicaFailure");
    }
}
