using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Deployments;

/// <summary>The condition <c>Progressing</c> of a Deployment and its deadline (<c>progress.go</c>).</summary>
internal static class DeploymentProgress
{
    /// <summary>The condition's type.</summary>
    public const string Condition = "Progressing";

    private const string TimedOut = "ProgressDeadlineExceeded";
    private const string NewReplicaSetAvailable = "NewReplicaSetAvailable";
    private const string Paused = "DeploymentPaused";

    /// <summary>Records in the condition that the Deployment is paused, which stops the deadline, or resumed (<c>checkPausedConditions</c>).</summary>
    public static void CheckPausedConditions(DeploymentSync sync)
    {
        if (sync.Deployment.ProgressDeadlineSeconds() is null)
            return;
        var reason = sync.Deployment.Condition(Condition).At("reason").Text();
        var paused = sync.Deployment.IsPaused();
        if (reason == TimedOut || paused == (reason == Paused))
            return;
        Set(sync, "Unknown", paused ? Paused : "DeploymentResumed", paused ? "Deployment is paused" : "Deployment is resumed");
    }

    /// <summary>Writes the condition.</summary>
    public static void Set(DeploymentSync sync, string value, string reason, string message) =>
        sync.ChangeStatus(status => Set(status, value, reason, message, sync.Now));

    /// <summary>Updates the condition in a newly calculated status (<c>syncRolloutStatus</c>).</summary>
    public static void Update(DeploymentSync sync, JsonObject before, JsonObject status)
    {
        var deployment = sync.Deployment;
        if (deployment.ProgressDeadlineSeconds() is not { } deadline)
        {
            Conditions.Remove(status, Condition);
            return;
        }
        var current = Conditions.Find(status, Condition);
        // A rollout that was recorded as complete stays so: a pod that fails later is not part of it.
        if ((status.Integer("replicas") ?? 0) == (status.Integer("updatedReplicas") ?? 0) && current.Text("reason") == NewReplicaSetAvailable)
            return;
        var now = sync.Now;
        var name = sync.NewReplicaSet is { } replicaSet ? $"ReplicaSet \"{replicaSet.Name}\"" : $"Deployment \"{deployment.Name}\"";
        if (IsComplete(deployment, status))
        {
            Set(status, "True", NewReplicaSetAvailable, $"{name} has successfully progressed.", now);
        }
        else if (HasProgressed(before, status))
        {
            if (current.Text("status") == "True")
                Conditions.Remove(status, Condition);
            Set(status, "True", "ReplicaSetUpdated", $"{name} is progressing.", now);
            // The transition is as old as before; only the update is new, and restarts the deadline.
            if (current.Text("status") == "True")
                Conditions.Find(status, Condition)!["lastTransitionTime"] = current.Text("lastTransitionTime");
        }
        else if (HasTimedOut(current, deadline, now))
        {
            Set(status, "False", TimedOut, $"{name} has timed out progressing.", now);
        }
    }

    /// <summary>Returns whether all replicas are updated and available, and no others are left (<c>DeploymentComplete</c>).</summary>
    public static bool IsComplete(Document deployment, JsonObject status)
    {
        var desired = deployment.Replicas();
        return (status.Integer("updatedReplicas") ?? 0) == desired
            && (status.Integer("replicas") ?? 0) == desired
            && (status.Integer("availableReplicas") ?? 0) == desired
            && (status.Integer("observedGeneration") ?? 0) >= deployment.Generation();
    }

    /// <summary>Returns when the deadline of a rollout in progress has to be checked, or null (<c>requeueStuckDeployment</c>).</summary>
    public static TimeSpan? UntilDeadline(Document deployment, JsonObject status, DateTimeOffset now)
    {
        if (deployment.ProgressDeadlineSeconds() is not { } deadline
            || Conditions.Find(status, Condition) is not { } progressing
            || progressing.Text("reason") is TimedOut or NewReplicaSetAvailable
            || IsComplete(deployment, status)
            || !DateTimeOffset.TryParse(progressing.Text("lastUpdateTime"), out var since))
            return null;
        // One second more, since timestamps are whole seconds.
        return since.AddSeconds(deadline + 1) - now is var left && left > TimeSpan.Zero ? left : TimeSpan.FromSeconds(1);
    }

    private static bool Set(JsonObject status, string value, string reason, string message, DateTimeOffset now) =>
        Conditions.Set(status, Condition, value, reason, message, now, ("lastUpdateTime", now.Stamp()));

    // DeploymentProgressing.
    private static bool HasProgressed(JsonObject before, JsonObject after)
    {
        static long Count(JsonObject status, string name) => status.Integer(name) ?? 0;
        return Count(after, "updatedReplicas") > Count(before, "updatedReplicas")
            || Count(after, "replicas") - Count(after, "updatedReplicas") < Count(before, "replicas") - Count(before, "updatedReplicas")
            || Count(after, "readyReplicas") > Count(before, "readyReplicas")
            || Count(after, "availableReplicas") > Count(before, "availableReplicas");
    }

    // DeploymentTimedOut.
    private static bool HasTimedOut(JsonObject? progressing, long deadline, DateTimeOffset now)
    {
        if (progressing is null || progressing.Text("reason") == NewReplicaSetAvailable)
            return false;
        if (progressing.Text("reason") == TimedOut)
            return true;
        return DateTimeOffset.TryParse(progressing.Text("lastUpdateTime"), out var since) && since.AddSeconds(deadline) <= now;
    }
}
