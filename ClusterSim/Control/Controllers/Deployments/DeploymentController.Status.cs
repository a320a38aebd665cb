using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Deployments;

internal sealed partial class DeploymentController
{
    /// <summary>
    /// Writes the status, counted of the sets as this reconcile read or made them, as Kubernetes does: a set made just now counts as empty, so
    /// that its first pods are seen to come and the rollout to progress. With <paramref name="progress"/> also judges how the rollout goes
    /// against its deadline. Returns when the deadline is to be looked at again.
    /// </summary>
    private TimeSpan? WriteStatus(Document deployment, List<Document> owned, Document? fresh, bool progress)
    {
        deployment = Current(_deployments).Find(deployment.Key) is { } now && now.Uid == deployment.Uid ? now : deployment;
        var before = deployment.Status.ToObject();
        var status = Counted(deployment, owned, fresh);
        if (progress && deployment.ProgressDeadlineSeconds() is { } deadline)
            JudgeProgress(deployment, before, status, fresh, deadline);
        else if (progress)
            Conditions.Remove(status, "Progressing");
        CopyReplicaFailure(status, owned, fresh);
        if (!JsonNode.DeepEquals(before, status))
        {
            var @object = deployment.ToObject();
            @object["status"] = status;
            Client.Update(_deployments, @object, "status");
        }
        return progress ? UntilDeadline(deployment, status) : null;
    }

    private JsonObject Counted(Document deployment, List<Document> owned, Document? fresh)
    {
        var now = Now;
        var status = deployment.Status.ToObject();
        var total = owned.Sum(set => set.Replicas());
        var available = owned.Sum(set => set.StatusCount("availableReplicas"));
        status["observedGeneration"] = deployment.Generation();
        Conditions.Count(status, "replicas", owned.Sum(set => set.StatusCount("replicas")));
        Conditions.Count(status, "updatedReplicas", fresh?.StatusCount("replicas") ?? 0);
        Conditions.Count(status, "readyReplicas", owned.Sum(set => set.StatusCount("readyReplicas")));
        Conditions.Count(status, "availableReplicas", available);
        Conditions.Count(status, "unavailableReplicas", Math.Max(0, total - available));
        status["terminatingReplicas"] = owned.Sum(set => set.StatusCount("terminatingReplicas"));
        if (available >= deployment.Replicas() - deployment.MaxUnavailable())
            Conditions.Set(status, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now, ("lastUpdateTime", now.Stamp()));
        else
            Conditions.Set(status, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now, ("lastUpdateTime", now.Stamp()));
        return status;
    }

    private void JudgeProgress(Document deployment, JsonObject before, JsonObject status, Document? fresh, long deadline)
    {
        var current = Conditions.Find(status, "Progressing");
        // A rollout that is complete and was already said to be is left alone: a pod that fails later is not the rollout's.
        var wasComplete = (status.Integer("replicas") ?? 0) == (status.Integer("updatedReplicas") ?? 0) && current.Text("reason") == "NewReplicaSetAvailable";
        if (wasComplete)
            return;
        var name = fresh is null ? $"Deployment \"{deployment.Name}\"" : $"ReplicaSet \"{fresh.Name}\"";
        if (IsComplete(deployment, status))
        {
            Progressing(status, "True", "NewReplicaSetAvailable", $"{name} has successfully progressed.");
        }
        else if (HasProgressed(before, status))
        {
            if (current.Text("status") == "True")
                Conditions.Remove(status, "Progressing");
            Progressing(status, "True", "ReplicaSetUpdated", $"{name} is progressing.");
            // What was progressing stays so since then; only the update is new, and starts the deadline anew.
            if (current.Text("status") == "True")
                Conditions.Find(status, "Progressing")!["lastTransitionTime"] = current.Text("lastTransitionTime");
        }
        else if (HasTimedOut(current, deadline))
        {
            Progressing(status, "False", "ProgressDeadlineExceeded", $"{name} has timed out progressing.");
        }
    }

    private static bool IsComplete(Document deployment, JsonObject status)
    {
        var wanted = deployment.Replicas();
        return (status.Integer("updatedReplicas") ?? 0) == wanted
            && (status.Integer("replicas") ?? 0) == wanted
            && (status.Integer("availableReplicas") ?? 0) == wanted
            && (status.Integer("observedGeneration") ?? 0) >= deployment.Generation();
    }

    private static bool HasProgressed(JsonObject before, JsonObject after)
    {
        static long Of(JsonObject status, string name) => status.Integer(name) ?? 0;
        return Of(after, "updatedReplicas") > Of(before, "updatedReplicas")
            || Of(after, "replicas") - Of(after, "updatedReplicas") < Of(before, "replicas") - Of(before, "updatedReplicas")
            || Of(after, "readyReplicas") > Of(before, "readyReplicas")
            || Of(after, "availableReplicas") > Of(before, "availableReplicas");
    }

    private bool HasTimedOut(JsonObject? progressing, long deadline)
    {
        if (progressing is null || progressing.Text("reason") == "NewReplicaSetAvailable")
            return false;
        if (progressing.Text("reason") == "ProgressDeadlineExceeded")
            return true;
        return DateTimeOffset.TryParse(progressing.Text("lastUpdateTime"), out var since) && since.AddSeconds(deadline) <= Now;
    }

    private TimeSpan? UntilDeadline(Document deployment, JsonObject status)
    {
        if (deployment.ProgressDeadlineSeconds() is not { } deadline
            || Conditions.Find(status, "Progressing") is not { } progressing
            || progressing.Text("reason") is "ProgressDeadlineExceeded" or "NewReplicaSetAvailable"
            || IsComplete(deployment, status)
            || !DateTimeOffset.TryParse(progressing.Text("lastUpdateTime"), out var since))
            return null;
        // A second more: stamps are whole seconds.
        return since.AddSeconds(deadline + 1) - Now is var left && left > TimeSpan.Zero ? left : TimeSpan.FromSeconds(1);
    }

    private void CopyReplicaFailure(JsonObject status, List<Document> owned, Document? fresh)
    {
        var failure = fresh?.Condition("ReplicaFailure") ?? default;
        if (!failure.Exists())
            failure = owned.Select(set => set.Condition("ReplicaFailure")).FirstOrDefault(condition => condition.Exists());
        if (failure.Exists())
            Conditions.Set(
                status, "ReplicaFailure", failure.At("status").Text("True"), failure.At("reason").Text(), failure.At("message").Text(), Now,
                ("lastUpdateTime", Now.Stamp()));
        else
            Conditions.Remove(status, "ReplicaFailure");
    }
}
