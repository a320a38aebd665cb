using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Patching;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Jobs;

/// <summary>
/// Runs pods to completion (<c>pkg/controller/job</c>). Ended pods are counted exactly once: each carries a finalizer that is taken off only
/// after its uid was written to <c>status.uncountedTerminatedPods</c>, and is added to the counters after that.
/// </summary>
internal sealed partial class JobController : Controller
{
    internal const string TrackingFinalizer = "batch.kubernetes.io/job-tracking";
    internal const string IndexAnnotation = "batch.kubernetes.io/job-completion-index";
    private static readonly TimeSpan BackOffFirst = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BackOffMax = TimeSpan.FromMinutes(10);

    private readonly ControllerRefs _refs;
    private readonly PodControl _podControl;
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
        ForEach(_jobs);
        ForOwners(_pods, "Job");
        ForOrphans(_pods, _jobs, job => LabelSelector.FromObject(job.Spec.At("selector")));
        // A pod whose job is gone must not be held by our finalizer.
        context.Informers.Handle(_pods, change =>
        {
            if (change.Change != StoreChange.Deleted && change.Document.HasFinalizer(TrackingFinalizer)
                && (OwnerReferences.ControllerOf(change.Document) is not { Kind: "Job" } owner
                    || Current(_jobs).Find(new ObjectKey(change.Document.Namespace, owner.Name))?.Uid != owner.Uid))
                Queue.Add(new ObjectKey(change.Document.Namespace, OwnerReferences.ControllerOf(change.Document)?.Name ?? ""));
        });
    }

    /// <summary>Whether a job is over, and how.</summary>
    public static string? FinishedAs(Document job) => job.Is("Complete") ? "Complete" : job.Is("Failed") ? "Failed" : null;

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_jobs).Find(key) is not { } job)
        {
            foreach (var orphan in Current(_pods).All(key.Namespace).Where(pod =>
                pod.HasFinalizer(TrackingFinalizer) && (OwnerReferences.ControllerOf(pod) is not { Kind: "Job" } owner || owner.Name == key.Name)))
                RemoveFinalizer(orphan);
            return null;
        }
        if (FinishedAs(job) is not null)
        {
            foreach (var pod in Current(_pods).ControlledBy(job.Uid).Where(pod => pod.HasFinalizer(TrackingFinalizer)))
                RemoveFinalizer(pod);
            return null;
        }
        if (job.Spec.At("managedBy").Text() is { Length: > 0 } other && other != "kubernetes.io/job-controller")
            return null;
        var claimed = _refs.Claim(job, LabelSelector.FromObject(job.Spec.At("selector")));
        (job, claimed) = CountEnded(job, claimed);
        return Drive(job, claimed);
    }

    /// <summary>Decides what follows from the counts: the end, or pods to start or stop.</summary>
    private TimeSpan? Drive(Document job, List<Document> pods)
    {
        var now = Now;
        var status = job.Status.ToObject();
        var before = status.DeepClone();
        var suspended = job.Spec.At("suspend").Flag(false);
        if (!suspended && status.Text("startTime") is null)
            status["startTime"] = now.Stamp();
        var active = pods.Where(pod => pod.IsActive()).ToList();
        var terminating = pods.Count(pod => pod.IsDeleting && !pod.IsEnded());
        var succeeded = (int)(status.Integer("succeeded") ?? 0);
        var failed = (int)(status.Integer("failed") ?? 0);
        var deadline = job.Spec.At("activeDeadlineSeconds").Integer();
        TimeSpan? again = null;
        ExceptionDispatchInfo? failure = null;

        if (JobIndexFailures.AreLimited(job))
            status.Default("failedIndexes", "");
        // What was decided stays decided: only the pods that are left have to go.
        var success = Decided(status, "SuccessCriteriaMet");
        var verdict = success is not null ? null : Decided(status, "FailureTarget") ?? Verdict(job, pods, failed, status, now);
        if (verdict is var (reason, message))
        {
            Conditions.Set(status, "FailureTarget", "True", reason, message, now, ("lastProbeTime", now.Stamp()));
            active.ForEach(pod => _podControl.Delete(job, pod));
            active.Clear();
            terminating = Current(_pods).ControlledBy(job.Uid).Count(pod => pod.IsDeleting && !pod.IsEnded());
            if (terminating == 0 && IsAllCounted(job, status))
            {
                Conditions.Set(status, "Failed", "True", reason, message, now, ("lastProbeTime", now.Stamp()));
                Context.Events.Warning(job, reason, message);
            }
        }
        else if ((success ?? Success(job, succeeded, active.Count, status)) is var (met, how))
        {
            Conditions.Set(status, "SuccessCriteriaMet", "True", met, how, now, ("lastProbeTime", now.Stamp()));
            active.ForEach(pod => _podControl.Delete(job, pod));
            active.Clear();
            terminating = Current(_pods).ControlledBy(job.Uid).Count(pod => pod.IsDeleting && !pod.IsEnded());
            if (terminating == 0 && IsAllCounted(job, status))
            {
                Conditions.Set(status, "Complete", "True", met, how, now, ("lastProbeTime", now.Stamp()));
                status["completionTime"] = now.Stamp();
                Context.Events.Normal(job, "Completed", "Job completed");
            }
        }
        else
        {
            if (job.IsDeleting)
                return null;
            try
            {
                again = suspended ? Suspend(job, status, active, now) : Manage(job, pods, active, status, now);
            }
            catch (KubernetesApiException refused)
            {
                // What is known by now is told all the same: that the job has begun, and what of it runs.
                failure = ExceptionDispatchInfo.Capture(refused);
            }
            if (deadline is { } seconds && status.Text("startTime") is { } started)
                again = Sooner(again, DateTimeOffset.Parse(started, CultureInfo.InvariantCulture).AddSeconds(seconds) - now);
            var left = Current(_pods).ControlledBy(job.Uid).ToList();
            active = [.. left.Where(pod => pod.IsActive())];
            terminating = left.Count(pod => pod.IsDeleting && !pod.IsEnded());
        }
        Conditions.Count(status, "active", active.Count);
        status["ready"] = active.Count(pod => pod.IsReady());
        status["terminating"] = terminating;
        status.Ensure("uncountedTerminatedPods");
        if (!JsonNode.DeepEquals(before, status))
            Write(job, status);
        failure?.Throw();
        return again;
    }

    // Of an index whose failures are counted the last failed pod waits, uncounted, for its successor: what is over has none.
    private bool IsAllCounted(Document job, JsonObject status) =>
        (status["uncountedTerminatedPods"] is not JsonObject uncounted || uncounted.Count == 0)
        && (!JobIndexFailures.AreLimited(job) || !Current(_pods).ControlledBy(job.Uid).Any(pod => pod.IsEnded() && pod.HasFinalizer(TrackingFinalizer)));

    private static (string Reason, string Message)? Decided(JsonObject status, string condition) =>
        Conditions.Find(status, condition) is { } decided ? (decided.Text("reason")!, decided.Text("message")!) : null;

    private static (string Reason, string Message)? Success(Document job, int succeeded, int active, JsonObject status)
    {
        var indexes = IsIndexed(job) ? JobIndexes.Parse(status.Text("completedIndexes")) : null;
        if (indexes is not null && JobSuccessPolicy.Match(job, indexes) is { } rule)
            return ("SuccessPolicy", $"Matched rules at index {rule}");
        var isComplete = job.Spec.At("completions").Integer() is { } completions
            ? (indexes?.Count ?? succeeded) >= completions
            : succeeded > 0 && active == 0;
        return isComplete ? ("CompletionsReached", "Reached expected number of succeeded pods") : null;
    }

    private static bool IsIndexed(Document job) => job.Spec.At("completionMode").Text() == "Indexed";

    private static (string Reason, string Message)? Verdict(Document job, List<Document> pods, int failed, JsonObject status, DateTimeOffset now)
    {
        foreach (var pod in pods.Where(pod => pod.Phase() == "Failed"))
            if (JobFailurePolicy.Judge(job, pod) is { Action: "FailJob", Message: { } message })
                return ("PodFailurePolicy", message);
        if (failed > job.Spec.At("backoffLimit").Integer(6) || RestartedTooOften(job, pods))
            return ("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        if (!job.Spec.At("suspend").Flag(false) && job.Spec.At("activeDeadlineSeconds").Integer() is { } seconds
            && status.Text("startTime") is { } started && DateTimeOffset.Parse(started, CultureInfo.InvariantCulture).AddSeconds(seconds) <= now)
            return ("DeadlineExceeded", "Job was active longer than specified deadline");
        return JobIndexFailures.AreLimited(job) ? JobIndexFailures.Verdict(job, status) : null;
    }

    /// <summary>With restartPolicy OnFailure the containers' restarts count as failures.</summary>
    private static bool RestartedTooOften(Document job, List<Document> pods)
    {
        if (job.Spec.At("template", "spec", "restartPolicy").Text() != "OnFailure")
            return false;
        var restarts = pods.Where(pod => pod.Phase() is "Running" or "Pending").Sum(pod => pod.Restarts());
        var limit = job.Spec.At("backoffLimit").Integer(6);
        return limit == 0 ? restarts > 0 : restarts >= limit;
    }

    private TimeSpan? Suspend(Document job, JsonObject status, List<Document> active, DateTimeOffset now)
    {
        active.ForEach(pod => Withdraw(job, pod));
        if (Conditions.Set(status, "Suspended", "True", "JobSuspended", "Job suspended", now, ("lastProbeTime", now.Stamp())))
            Context.Events.Normal(job, "Suspended", "Job suspended");
        status.Remove("startTime");
        return null;
    }

    private TimeSpan? Manage(Document job, List<Document> pods, List<Document> active, JsonObject status, DateTimeOffset now)
    {
        if (Conditions.Find(status, "Suspended").Text("status") == "True"
            && Conditions.Set(status, "Suspended", "False", "JobResumed", "Job resumed", now, ("lastProbeTime", now.Stamp())))
        {
            status["startTime"] = now.Stamp();
            Context.Events.Normal(job, "Resumed", "Job resumed");
        }
        var parallelism = job.Spec.At("parallelism").Integer(1);
        var succeeded = (int)(status.Integer("succeeded") ?? 0);
        var completions = job.Spec.At("completions").Integer();
        var wanted = completions is { } total ? Math.Min((int)total - succeeded, parallelism) : succeeded > 0 ? active.Count : parallelism;
        wanted = Math.Max(0, wanted);
        if (active.Count > wanted)
        {
            foreach (var pod in active.Order(new PodDeletionOrder(PodDeletionOrder.CountByNode(active), now)).Take(active.Count - wanted))
                Withdraw(job, pod);
            return null;
        }
        var lacking = wanted - active.Count;
        if (job.Spec.At("podReplacementPolicy").Text() == "Failed")
            lacking -= pods.Count(pod => pod.IsDeleting && !pod.IsEnded());
        if (lacking <= 0)
            return null;
        var perIndex = JobIndexFailures.AreLimited(job);
        if (!perIndex && BackOff(pods.Where(pod => pod.IsEnded()), now) is { } wait)
            return wait;
        var template = job.Spec.At("template");
        if (IsIndexed(job))
        {
            var taken = active.Select(Index).ToHashSet();
            taken.UnionWith(JobIndexes.Parse(status.Text("completedIndexes")));
            taken.UnionWith(JobIndexes.Parse(status.Text("failedIndexes")));
            if (job.Spec.At("podReplacementPolicy").Text() == "Failed")
                taken.UnionWith(pods.Where(pod => pod.IsDeleting && !pod.IsEnded()).Select(Index));
            TimeSpan? first = null;
            foreach (var index in Enumerable.Range(0, (int)completions!.Value).Where(index => !taken.Contains(index)))
            {
                if (lacking-- == 0)
                    break;
                var ended = perIndex ? pods.Where(pod => pod.IsEnded() && Index(pod) == index).ToList() : [];
                if (perIndex && BackOff(ended, now) is { } later)
                {
                    first = first is { } sooner && sooner < later ? sooner : later;
                    lacking++; // another index may go first
                    continue;
                }
                var made = Pod(job, template, index);
                if (perIndex)
                    JobIndexFailures.Note(made, job, ended);
                _podControl.Create(job, made);
            }
            return first;
        }
        if (_podControl.CreateSlowStart(job, lacking, () => Pod(job, template, null)) is { } refused)
            throw refused;
        return null;
    }

    /// <summary>How long until the next pod may start after failures: 10 s doubling for each failure since the last success.</summary>
    private static TimeSpan? BackOff(IEnumerable<Document> over, DateTimeOffset now)
    {
        var ended = over.Select(pod => (Pod: pod, At: EndOf(pod))).OrderByDescending(one => one.At).ToList();
        var failures = ended.TakeWhile(one => one.Pod.Phase() == "Failed").Count();
        if (failures == 0)
            return null;
        var delay = BackOffFirst * Math.Pow(2, Math.Min(failures - 1, 10));
        var left = ended[0].At + (delay < BackOffMax ? delay : BackOffMax) - now;
        return left > TimeSpan.Zero ? left : null;
    }

    private static DateTimeOffset EndOf(Document pod)
    {
        var end = DateTimeOffset.MinValue;
        foreach (var container in pod.Status.At("containerStatuses").Items())
            if (container.At("state", "terminated", "finishedAt").Time() is { } at && at > end)
                end = at;
        return end > DateTimeOffset.MinValue ? end : pod.Condition("Ready").At("lastTransitionTime").Time() ?? pod.Created();
    }

    internal static int Index(Document pod) =>
        int.TryParse(pod.Annotation(IndexAnnotation), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1;

    private static JsonObject Pod(Document job, JsonElement template, int? index)
    {
        var pod = PodTemplate.Pod(job, template);
        var metadata = pod.Ensure("metadata");
        var finalizers = metadata["finalizers"] as JsonArray ?? [];
        finalizers.Add((JsonNode)TrackingFinalizer);
        metadata["finalizers"] = finalizers;
        if (index is not { } number)
            return pod;
        var text = number.ToString(CultureInfo.InvariantCulture);
        metadata["generateName"] = $"{job.Name}-{text}-";
        metadata.Ensure("annotations")[IndexAnnotation] = text;
        metadata.Ensure("labels")[IndexAnnotation] = text;
        var spec = pod.Ensure("spec");
        spec["hostname"] = $"{job.Name}-{text}";
        foreach (var container in spec.VisitContainers(ContainerType.WorkloadContainers))
        {
            var environment = container["env"] as JsonArray ?? [];
            environment.Add((JsonNode)Object(
                ("name", "JOB_COMPLETION_INDEX"),
                ("valueFrom", Object(("fieldRef", Object(("apiVersion", "v1"), ("fieldPath", $"metadata.labels['{IndexAnnotation}']")))))));
            container["env"] = environment;
        }
        return pod;
    }

    private static TimeSpan? Sooner(TimeSpan? one, TimeSpan other) => one is { } first && first < other ? one : other < TimeSpan.Zero ? TimeSpan.Zero : other;

    private Document Write(Document job, JsonObject status)
    {
        var @object = job.ToObject();
        @object["status"] = status;
        return Client.Update(_jobs, @object, "status");
    }

    /// <summary>Ends a pod that is not wanted any more: it counts neither as done nor as failed.</summary>
    private void Withdraw(Document job, Document pod)
    {
        RemoveFinalizer(pod);
        _podControl.Delete(job, pod);
    }

    private void RemoveFinalizer(Document pod)
    {
        var left = new JsonArray([.. pod.Metadata.At("finalizers").Items().Where(one => one.Text() != TrackingFinalizer).Select(one => one.ToNode())]);
        var metadata = Object(("uid", pod.Uid));
        metadata["finalizers"] = left.Count == 0 ? null : left;
        try
        {
            Client.Patch(_pods, pod.Key, PatchType.Merge, Object(("metadata", metadata)));
        }
        catch (KubernetesApiException gone) when (gone.Code is 404 or 409)
        {
            // Gone, or another pod by now.
        }
    }
}
