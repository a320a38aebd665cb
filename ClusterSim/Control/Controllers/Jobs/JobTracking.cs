using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Patching;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Jobs;

/// <summary>
/// Counts each ended pod exactly once (<c>trackJobStatusAndRemoveFinalizers</c>, <c>tracking_utils.go</c>): 1. writes its uid to
/// <c>status.uncountedTerminatedPods</c>; 2. removes its finalizer; 3. raises the counter. A restart between two of these steps neither loses nor
/// repeats a count.
/// </summary>
internal sealed class JobTracking(ApiClient client)
{
    /// <summary>The finalizer of pods that are not counted yet.</summary>
    public const string Finalizer = "batch.kubernetes.io/job-tracking";

    private readonly ResourceType _jobs = client.Resource("jobs", "batch");
    private readonly ResourceType _pods = client.Resource("pods");

    /// <summary>Counts the pods that have ended; returns the Job with its new status.</summary>
    public Document TrackTerminatedPods(Document job, List<Document> pods)
    {
        var status = job.Status.ToObject();
        var uncounted = status.Ensure("uncountedTerminatedPods");
        var recorded = Uids(uncounted, "succeeded").Concat(Uids(uncounted, "failed")).ToHashSet(StringComparer.Ordinal);
        var found = RecordUncounted(job, pods, uncounted, recorded);
        if (!found && recorded.Count == 0)
            return job;
        if (found && uncounted.Count > 0)
        {
            job = WriteStatus(job, status);
            status = job.Status.ToObject();
            uncounted = status.Ensure("uncountedTerminatedPods");
        }
        var succeeded = Uids(uncounted, "succeeded");
        var failed = Uids(uncounted, "failed");
        foreach (var pod in pods.Where(pod => pod.HasFinalizer(Finalizer) && (succeeded.Contains(pod.Uid) || failed.Contains(pod.Uid))))
            RemoveFinalizer(pod);
        Count(job, status, pods, succeeded, failed);
        status["uncountedTerminatedPods"] = new JsonObject();
        return WriteStatus(job, status);
    }

    /// <summary>Removes the finalizer from a pod, if it is still the same object.</summary>
    public void RemoveFinalizer(Document pod)
    {
        var left = new JsonArray([.. pod.Metadata.At("finalizers").Items().Where(one => one.Text() != Finalizer).Select(one => one.ToNode())]);
        var metadata = Object(("uid", pod.Uid));
        metadata["finalizers"] = left.Count == 0 ? null : left;
        try
        {
            client.Patch(_pods, pod.Key, PatchType.Merge, Object(("metadata", metadata)));
        }
        catch (KubernetesApiException ex) when (ex.Code is 404 or 409)
        {
            // The pod is gone, or another one has its name.
        }
    }

    /// <summary>Writes the Job's status; returns the Job.</summary>
    public Document WriteStatus(Document job, JsonObject status)
    {
        var @object = job.ToObject();
        @object["status"] = status;
        return client.Update(_jobs, @object, "status");
    }

    /// <summary>Adds the uids of newly ended pods to the uncounted ones; returns whether there are any.</summary>
    private bool RecordUncounted(Document job, List<Document> pods, JsonObject uncounted, HashSet<string> recorded)
    {
        var found = false;
        foreach (var pod in pods.Where(pod => pod.HasFinalizer(Finalizer) && !recorded.Contains(pod.Uid)))
        {
            if (!HasEnded(job, pod) || BackoffLimitPerIndex.AwaitsSuccessor(job, pod, pods))
                continue;
            found = true;
            if (pod.Phase() != "Succeeded" && PodFailurePolicy.Match(job, pod) is { Action: "Ignore" })
                RemoveFinalizer(pod);
            else
                Append(uncounted, pod.Phase() == "Succeeded" ? "succeeded" : "failed", pod.Uid);
        }
        return found;
    }

    // A pod that is deleted before it has ended counts as failed: at once or, with podReplacementPolicy Failed, when its node has stopped it.
    private static bool HasEnded(Document job, Document pod) =>
        pod.IsEnded() || (pod.IsDeleting && (pod.NodeName is null || !JobSync.OnlyReplacesFailed(job)));

    private static void Count(Document job, JsonObject status, List<Document> pods, HashSet<string> succeeded, HashSet<string> failed)
    {
        if (CompletionIndexes.IsIndexed(job))
        {
            var completed = CompletionIndexes.Parse(status.Text("completedIndexes"));
            var completions = job.Spec.At("completions").Integer(0);
            var before = completed.Count;
            foreach (var pod in pods.Where(pod => succeeded.Contains(pod.Uid)))
                if (CompletionIndexes.Of(pod) is >= 0 and var index && index < completions)
                    completed.Add(index);
            if (completed.Count > before)
                status["completedIndexes"] = CompletionIndexes.Format(completed);
            Conditions.Count(status, "succeeded", completed.Count);
        }
        else
        {
            Conditions.Count(status, "succeeded", (int)(status.Integer("succeeded") ?? 0) + succeeded.Count);
        }
        if (BackoffLimitPerIndex.IsSet(job))
            BackoffLimitPerIndex.AddFailedIndexes(job, status, pods.Where(pod => failed.Contains(pod.Uid)));
        Conditions.Count(status, "failed", (int)(status.Integer("failed") ?? 0) + failed.Count);
    }

    private static HashSet<string> Uids(JsonObject uncounted, string list) =>
        (uncounted[list] as JsonArray)?.Select(uid => uid!.GetValue<string>()).ToHashSet(StringComparer.Ordinal) ?? [];

    private static void Append(JsonObject uncounted, string list, string uid)
    {
        var uids = uncounted[list] as JsonArray ?? [];
        uids.Add((JsonNode)uid);
        uncounted[list] = uids;
    }
}
