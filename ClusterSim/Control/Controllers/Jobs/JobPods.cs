using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Jobs;

/// <summary>Creates and deletes the pods of a Job, so that as many are active as its parallelism says (<c>manageJob</c>).</summary>
internal sealed class JobPods(ControllerContext context, PodControl podControl, JobTracking tracking)
{
    /// <summary>Deletes the active pods of a suspended Job; they count neither as succeeded nor as failed.</summary>
    public TimeSpan? Suspend(JobSync sync)
    {
        sync.Active.ForEach(pod => DeleteUncounted(sync.Job, pod));
        if (Conditions.Set(sync.Status, "Suspended", "True", "JobSuspended", "Job suspended", sync.Now, ("lastProbeTime", sync.Now.Stamp())))
            context.Events.Normal(sync.Job, "Suspended", "Job suspended");
        sync.Status.Remove("startTime");
        return null;
    }

    /// <summary>Creates missing pods and deletes excess ones; returns when a back-off ends.</summary>
    public TimeSpan? Manage(JobSync sync)
    {
        Resume(sync);
        var wanted = WantedActive(sync);
        if (sync.Active.Count > wanted)
        {
            foreach (var pod in sync.Active.Order(new PodDeletionOrder(PodDeletionOrder.CountByNode(sync.Active), sync.Now)).Take(sync.Active.Count - wanted))
                DeleteUncounted(sync.Job, pod);
            return null;
        }
        var missing = wanted - sync.Active.Count;
        if (sync.OnlyReplacesFailedPods)
            missing -= sync.Pods.Count(JobSync.IsTerminating);
        if (missing <= 0)
            return null;
        if (!BackoffLimitPerIndex.IsSet(sync.Job) && PodBackoff.Remaining(sync.Pods.Where(pod => pod.IsEnded()), sync.Now) is { } wait)
            return wait;
        if (sync.IsIndexed)
            return CreateIndexed(sync, missing);
        if (podControl.CreateSlowStart(sync.Job, missing, () => Build(sync.Job, null)) is { } error)
            throw error;
        return null;
    }

    private void Resume(JobSync sync)
    {
        if (Conditions.Find(sync.Status, "Suspended").Text("status") != "True"
            || !Conditions.Set(sync.Status, "Suspended", "False", "JobResumed", "Job resumed", sync.Now, ("lastProbeTime", sync.Now.Stamp())))
            return;
        sync.Status["startTime"] = sync.Now.Stamp();
        context.Events.Normal(sync.Job, "Resumed", "Job resumed");
    }

    private static int WantedActive(JobSync sync)
    {
        var parallelism = sync.Job.Spec.At("parallelism").Integer(1);
        if (sync.Job.Spec.At("completions").Integer() is { } completions)
            return Math.Max(0, Math.Min((int)completions - sync.Succeeded, parallelism));
        return Math.Max(0, sync.Succeeded > 0 ? sync.Active.Count : parallelism);
    }

    private TimeSpan? CreateIndexed(JobSync sync, int missing)
    {
        var perIndex = BackoffLimitPerIndex.IsSet(sync.Job);
        TimeSpan? firstBackoff = null;
        foreach (var index in IndexesWithoutPod(sync))
        {
            if (missing == 0)
                break;
            var ended = perIndex ? sync.Pods.Where(pod => pod.IsEnded() && CompletionIndexes.Of(pod) == index).ToList() : [];
            if (perIndex && PodBackoff.Remaining(ended, sync.Now) is { } remaining)
            {
                firstBackoff = firstBackoff is { } first && first < remaining ? first : remaining;
                continue;
            }
            missing--;
            var pod = Build(sync.Job, index);
            if (perIndex)
                BackoffLimitPerIndex.Annotate(pod, sync.Job, ended);
            podControl.Create(sync.Job, pod);
        }
        return firstBackoff;
    }

    // firstPendingIndexes.
    private static IEnumerable<int> IndexesWithoutPod(JobSync sync)
    {
        var taken = sync.Active.Select(CompletionIndexes.Of).ToHashSet();
        taken.UnionWith(CompletionIndexes.Parse(sync.Status.Text("completedIndexes")));
        taken.UnionWith(CompletionIndexes.Parse(sync.Status.Text("failedIndexes")));
        if (sync.OnlyReplacesFailedPods)
            taken.UnionWith(sync.Pods.Where(JobSync.IsTerminating).Select(CompletionIndexes.Of));
        return Enumerable.Range(0, sync.Job.Spec.At("completions").Integer(0)).Where(index => !taken.Contains(index));
    }

    private static JsonObject Build(Document job, int? index)
    {
        var pod = PodTemplate.Pod(job, job.Spec.At("template"));
        var metadata = pod.Ensure("metadata");
        var finalizers = metadata["finalizers"] as JsonArray ?? [];
        finalizers.Add((JsonNode)JobTracking.Finalizer);
        metadata["finalizers"] = finalizers;
        if (index is not { } number)
            return pod;
        var text = number.ToString(CultureInfo.InvariantCulture);
        metadata["generateName"] = $"{job.Name}-{text}-";
        metadata.Ensure("annotations")[CompletionIndexes.Annotation] = text;
        metadata.Ensure("labels")[CompletionIndexes.Annotation] = text;
        var spec = pod.Ensure("spec");
        spec["hostname"] = $"{job.Name}-{text}";
        CompletionIndexes.AddEnvironment(spec);
        return pod;
    }

    private void DeleteUncounted(Document job, Document pod)
    {
        tracking.RemoveFinalizer(pod);
        podControl.Delete(job, pod);
    }
}
