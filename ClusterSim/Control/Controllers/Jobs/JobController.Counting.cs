using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

internal sealed partial class JobController
{
    /// <summary>
    /// Counts ended pods, exactly once each: their uids are written down, their finalizers removed, the counters raised. A restart between any
    /// two of these steps loses and doubles nothing.
    /// </summary>
    private (Document Job, List<Document> Pods) CountEnded(Document job, List<Document> pods)
    {
        var status = job.Status.ToObject();
        var uncounted = status.Ensure("uncountedTerminatedPods");
        var noted = Uids(uncounted, "succeeded").Concat(Uids(uncounted, "failed")).ToHashSet(StringComparer.Ordinal);
        var found = false;
        foreach (var pod in pods.Where(pod => pod.HasFinalizer(TrackingFinalizer) && !noted.Contains(pod.Uid)))
        {
            // A pod that is deleted before it ended failed, at once or, where only failed pods are replaced, when its node has stopped it.
            var gone = pod.IsDeleting && !pod.IsEnded() && (pod.NodeName is null || job.Spec.At("podReplacementPolicy").Text() != "Failed");
            if (!pod.IsEnded() && !gone)
                continue;
            if (JobIndexFailures.AwaitsSuccessor(job, pod, pods))
                continue;
            found = true;
            if (pod.Phase() != "Succeeded" && JobFailurePolicy.Judge(job, pod) is { Action: "Ignore" })
            {
                RemoveFinalizer(pod);
                continue;
            }
            Append(uncounted, pod.Phase() == "Succeeded" ? "succeeded" : "failed", pod.Uid);
        }
        if (!found && noted.Count == 0)
            return (job, pods);

        if (found && uncounted.Count > 0)
        {
            job = Write(job, status);
            status = job.Status.ToObject();
            uncounted = status.Ensure("uncountedTerminatedPods");
        }
        var succeeded = Uids(uncounted, "succeeded");
        var failed = Uids(uncounted, "failed");
        foreach (var pod in pods.Where(pod => pod.HasFinalizer(TrackingFinalizer) && (succeeded.Contains(pod.Uid) || failed.Contains(pod.Uid))))
            RemoveFinalizer(pod);
        if (IsIndexed(job))
        {
            var done = JobIndexes.Parse(status.Text("completedIndexes"));
            var total = job.Spec.At("completions").Integer(0);
            var before = done.Count;
            foreach (var pod in pods.Where(pod => succeeded.Contains(pod.Uid)))
                if (Index(pod) is >= 0 and var index && index < total)
                    done.Add(index);
            if (done.Count > before)
                status["completedIndexes"] = JobIndexes.Format(done);
            Conditions.Count(status, "succeeded", done.Count);
        }
        else
        {
            Conditions.Count(status, "succeeded", (int)(status.Integer("succeeded") ?? 0) + succeeded.Count);
        }
        if (JobIndexFailures.AreLimited(job))
            JobIndexFailures.Record(job, status, pods.Where(pod => failed.Contains(pod.Uid)));
        Conditions.Count(status, "failed", (int)(status.Integer("failed") ?? 0) + failed.Count);
        status["uncountedTerminatedPods"] = new JsonObject();
        // The pods as they were counted: one that has ended since is in no counter yet, and must go on standing for itself until it is.
        return (Write(job, status), pods);
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
