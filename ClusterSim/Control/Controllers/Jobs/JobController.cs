using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

/// <summary>
/// Runs pods to completion (<c>pkg/controller/job</c>). One reconcile: counts the pods that ended; then ends the Job if its outcome is known,
/// otherwise creates or deletes pods; then writes the status.
/// </summary>
internal sealed class JobController : Controller
{
    private readonly ControllerRefs _refs;
    private readonly PodControl _podControl;
    private readonly JobTracking _tracking;
    private readonly JobPods _jobPods;
    private readonly ResourceType _jobs;
    private readonly ResourceType _pods;

    /// <summary>A controller of Jobs.</summary>
    public JobController(ControllerContext context)
        : base(context)
    {
        _jobs = Client.Resource("jobs", "batch");
        _pods = Client.Resource("pods");
        _refs = new ControllerRefs(context, _pods);
        _podControl = new PodControl(context);
        _tracking = new JobTracking(Client);
        _jobPods = new JobPods(context, _podControl, _tracking);
        ForEach(_jobs);
        ForOwners(_pods, "Job");
        ForOrphans(_pods, _jobs, job => LabelSelector.FromObject(job.Spec.At("selector")));
        // The tracking finalizer must not hold back a pod whose Job is gone.
        context.Informers.Handle(_pods, change =>
        {
            if (change.Change != StoreChange.Deleted && change.Document.HasFinalizer(JobTracking.Finalizer)
                && (OwnerReferences.ControllerOf(change.Document) is not { Kind: "Job" } owner
                    || Current(_jobs).Find(new ObjectKey(change.Document.Namespace, owner.Name))?.Uid != owner.Uid))
                Queue.Add(new ObjectKey(change.Document.Namespace, OwnerReferences.ControllerOf(change.Document)?.Name ?? ""));
        });
    }

    /// <summary>Returns the condition with which a Job is finished, or null (<c>IsJobFinished</c>).</summary>
    public static string? FinishedAs(Document job) => job.Is("Complete") ? "Complete" : job.Is("Failed") ? "Failed" : null;

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_jobs).Find(key) is not { } job)
        {
            foreach (var orphan in Current(_pods).All(key.Namespace).Where(pod =>
                pod.HasFinalizer(JobTracking.Finalizer) && (OwnerReferences.ControllerOf(pod) is not { Kind: "Job" } owner || owner.Name == key.Name)))
                _tracking.RemoveFinalizer(orphan);
            return null;
        }
        if (FinishedAs(job) is not null)
        {
            foreach (var pod in Current(_pods).ControlledBy(job.Uid).Where(pod => pod.HasFinalizer(JobTracking.Finalizer)))
                _tracking.RemoveFinalizer(pod);
            return null;
        }
        if (job.Spec.At("managedBy").Text() is { Length: > 0 } manager && manager != "kubernetes.io/job-controller")
            return null;
        var pods = _refs.Claim(job, LabelSelector.FromObject(job.Spec.At("selector")));
        return Sync(new JobSync(_tracking.TrackTerminatedPods(job, pods), pods, Now));
    }

    private TimeSpan? Sync(JobSync sync)
    {
        var status = sync.Status;
        var before = status.DeepClone();
        if (!sync.IsSuspended && status.Text("startTime") is null)
            status["startTime"] = sync.Now.Stamp();
        if (BackoffLimitPerIndex.IsSet(sync.Job))
            status.Default("failedIndexes", "");
        TimeSpan? again = null;
        ExceptionDispatchInfo? error = null;

        // An outcome that was recorded is final: only the pods that are left have to end.
        var success = JobOutcome.Recorded(status, JobOutcome.SuccessCriteriaMet);
        var failure = success is not null ? null : JobOutcome.Recorded(status, JobOutcome.FailureTarget) ?? JobOutcome.Failure(sync);
        if (failure is not null)
        {
            if (End(sync, JobOutcome.FailureTarget, "Failed", failure))
                Context.Events.Warning(sync.Job, failure.Reason, failure.Message);
        }
        else if ((success ?? JobOutcome.Success(sync)) is { } met)
        {
            if (End(sync, JobOutcome.SuccessCriteriaMet, "Complete", met))
            {
                status["completionTime"] = sync.Now.Stamp();
                Context.Events.Normal(sync.Job, "Completed", "Job completed");
            }
        }
        else
        {
            if (sync.Job.IsDeleting)
                return null;
            try
            {
                again = sync.IsSuspended ? _jobPods.Suspend(sync) : _jobPods.Manage(sync);
            }
            catch (KubernetesApiException ex)
            {
                // The status is written before the reconcile fails: the Job may have started, and some of its pods run.
                error = ExceptionDispatchInfo.Capture(ex);
            }
            again = Sooner(again, UntilActiveDeadline(sync));
            sync.CountPods(Current(_pods).ControlledBy(sync.Job.Uid));
        }
        Conditions.Count(status, "active", sync.Active.Count);
        status["ready"] = sync.Active.Count(pod => pod.IsReady());
        status["terminating"] = sync.Terminating;
        status.Ensure("uncountedTerminatedPods");
        if (!JsonNode.DeepEquals(before, status))
            _tracking.WriteStatus(sync.Job, status);
        error?.Throw();
        return again;
    }

    /// <summary>
    /// Records the outcome and deletes the active pods. Once the last pod has ended and is counted, the Job is finished: sets the final condition
    /// and returns true.
    /// </summary>
    private bool End(JobSync sync, string interim, string final, JobOutcome outcome)
    {
        Conditions.Set(sync.Status, interim, "True", outcome.Reason, outcome.Message, sync.Now, ("lastProbeTime", sync.Now.Stamp()));
        sync.Active.ForEach(pod => _podControl.Delete(sync.Job, pod));
        var left = Current(_pods).ControlledBy(sync.Job.Uid).ToList();
        sync.CountPods(left);
        sync.Active.Clear();
        if (sync.Terminating > 0 || !IsAllCounted(sync, left))
            return false;
        Conditions.Set(sync.Status, final, "True", outcome.Reason, outcome.Message, sync.Now, ("lastProbeTime", sync.Now.Stamp()));
        return true;
    }

    // The last failed pod of an index with a backoff limit stays uncounted until its successor exists; a finished Job has no successors.
    private static bool IsAllCounted(JobSync sync, IEnumerable<Document> pods) =>
        (sync.Status["uncountedTerminatedPods"] is not JsonObject uncounted || uncounted.Count == 0)
        && (!BackoffLimitPerIndex.IsSet(sync.Job) || !pods.Any(pod => pod.IsEnded() && pod.HasFinalizer(JobTracking.Finalizer)));

    private static TimeSpan? UntilActiveDeadline(JobSync sync) =>
        sync.Job.Spec.At("activeDeadlineSeconds").Integer() is { } seconds && sync.Status.Text("startTime") is { } started
            ? DateTimeOffset.Parse(started, CultureInfo.InvariantCulture).AddSeconds(seconds) - sync.Now
            : null;

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan? deadline)
    {
        if (deadline is not { } left)
            return one;
        return one is { } first && first < left ? one : left < TimeSpan.Zero ? TimeSpan.Zero : left;
    }
}
