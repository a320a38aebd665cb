using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Jobs;

/// <summary>Starts Jobs on a schedule and keeps as many ended ones as asked (<c>pkg/controller/cronjob</c>).</summary>
internal sealed class CronJobController : Controller
{
    private const string ScheduledAnnotation = "batch.kubernetes.io/cronjob-scheduled-timestamp";

    // More missed starts than this cause a Warning event (TooManyMissedTimes).
    private const int MissedMax = 100;
    private static readonly TimeSpan Early = TimeSpan.FromMilliseconds(100);

    private readonly ResourceType _crons;
    private readonly ResourceType _jobs;

    /// <summary>A controller of CronJobs.</summary>
    public CronJobController(ControllerContext context)
        : base(context)
    {
        _crons = Client.Resource("cronjobs", "batch");
        _jobs = Client.Resource("jobs", "batch");
        ForEach(_crons);
        ForOwners(_jobs, "CronJob");
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_crons).Find(key) is not { } cron)
            return null;
        var jobs = Current(_jobs).ControlledBy(cron.Uid).Where(job => job.Namespace == cron.Namespace).ToList();
        cron = SyncActive(cron, jobs);
        CleanUp(cron, jobs);
        if (cron.IsDeleting || cron.Spec.At("suspend").Flag(false))
            return null;
        TimeZoneInfo? zone = null;
        if (cron.Spec.At("timeZone").Text() is { Length: > 0 } name && !TimeZoneInfo.TryFindSystemTimeZoneById(name, out zone))
        {
            Context.Events.Warning(cron, "UnknownTimeZone", $"invalid timeZone: {GoText.Quote(name)}: unknown time zone {name}");
            return null;
        }
        CronSchedule schedule;
        try
        {
            schedule = CronParser.ParseStandard(cron.Spec.At("schedule").Text(""), zone);
        }
        catch (FormatException ex)
        {
            Context.Events.Warning(cron, "UnparseableSchedule", $"unparseable schedule: {GoText.Quote(cron.Spec.At("schedule").Text(""))} : {ex.Message}");
            return null;
        }
        var now = Now;
        if (LastMissed(cron, schedule, now) is { } due)
            Start(cron, due, now);
        return schedule.Next(now) is { } next ? next - now + Early : null;
    }

    /// <summary>The newest start that should have been and was not; null for none.</summary>
    private DateTimeOffset? LastMissed(Document cron, CronSchedule schedule, DateTimeOffset now)
    {
        var from = cron.Status.At("lastScheduleTime").Time() ?? cron.Created();
        var deadline = cron.Spec.At("startingDeadlineSeconds").Integer();
        if (deadline is { } seconds && now.AddSeconds(-seconds) > from)
            from = now.AddSeconds(-seconds);
        DateTimeOffset? missed = null;
        var count = 0;
        for (var at = schedule.Next(from); at <= now; at = schedule.Next(at.Value))
        {
            missed = at;
            if (++count == MissedMax + 1)
                Context.Events.Warning(cron, "TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew");
            if (count > MissedMax && at.Value - from > TimeSpan.FromDays(366))
                break;
        }
        return missed;
    }

    private void Start(Document cron, DateTimeOffset due, DateTimeOffset now)
    {
        if (cron.Spec.At("startingDeadlineSeconds").Integer() is { } seconds && due.AddSeconds(seconds) < now)
        {
            Context.Events.Warning(cron, "MissSchedule", $"Missed scheduled time to start a job: {due.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} +0000");
            return;
        }
        var name = $"{cron.Name}-{due.ToUnixTimeSeconds() / 60}";
        if (Current(_jobs).Find(new ObjectKey(cron.Namespace, name)) is not null && cron.Status.At("lastScheduleTime").Time() == due)
            return;
        var active = Current(_jobs).ControlledBy(cron.Uid).Where(job => JobController.FinishedAs(job) is null).ToList();
        switch (cron.Spec.At("concurrencyPolicy").Text("Allow"))
        {
            case "Forbid" when active.Count > 0:
                Context.Events.Normal(cron, "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid");
                return;
            case "Replace":
                foreach (var job in active)
                {
                    Client.Delete(_jobs, job.Key, new DeleteOptions { PropagationPolicy = "Background", PreconditionUid = job.Uid });
                    Context.Events.Normal(cron, "SuccessfulDelete", $"Deleted job {job.Name}");
                }
                break;
        }
        var template = cron.Spec.At("jobTemplate");
        var annotations = template.At("metadata", "annotations").ToObject();
        annotations[ScheduledAnnotation] = due.Stamp();
        try
        {
            var made = Client.Create(_jobs, Object(
                ("apiVersion", "batch/v1"),
                ("kind", "Job"),
                ("metadata", Object(
                    ("name", name),
                    ("namespace", cron.Namespace),
                    ("labels", template.At("metadata", "labels").ToNode()),
                    ("annotations", annotations),
                    ("ownerReferences", new JsonArray(OwnerReferences.Controller(cron))))),
                ("spec", template.At("spec").ToObject())));
            Context.Events.Normal(cron, "SuccessfulCreate", $"Created job {made.Name}");
        }
        catch (KubernetesApiException taken) when (taken.Reason == "AlreadyExists")
        {
            // Made in an earlier try that did not get to write the status.
        }
        catch (KubernetesApiException refused) when (!PodControl.IsNamespaceTerminating(refused))
        {
            Context.Events.Warning(cron, "FailedCreate", $"Error creating job: {refused.Message}");
            throw;
        }
        Client.Change(_crons, cron.Key, @object =>
        {
            @object.Ensure("status")["lastScheduleTime"] = due.Stamp();
            return true;
        }, "status");
        if (Current(_crons).Find(cron.Key) is { } written)
            SyncActive(written, [.. Current(_jobs).ControlledBy(cron.Uid)]);
    }

    private Document SyncActive(Document cron, List<Document> jobs)
    {
        var known = cron.Status.At("active").Items().Select(one => one.At("uid").Text("")).ToHashSet(StringComparer.Ordinal);
        var succeeded = cron.Status.At("lastSuccessfulTime").Time();
        foreach (var job in jobs)
        {
            if (JobController.FinishedAs(job) is not { } how)
                continue;
            if (known.Contains(job.Uid))
                Context.Events.Normal(cron, "SawCompletedJob", $"Saw completed job: {job.Name}, condition: {how}");
            if (how == "Complete" && job.Status.At("completionTime").Time() is { } at && (succeeded is null || at > succeeded))
                succeeded = at;
        }
        var active = jobs.Where(job => JobController.FinishedAs(job) is null).OrderBy(job => job.Name, StringComparer.Ordinal).ToList();
        var status = cron.Status.ToObject();
        var before = status.DeepClone();
        if (active.Count == 0)
            status.Remove("active");
        else if (!known.SetEquals(active.Select(job => job.Uid)))
            status["active"] = new JsonArray([.. active.Select(job => Object(
                ("apiVersion", "batch/v1"), ("kind", "Job"), ("name", job.Name), ("namespace", job.Namespace),
                ("resourceVersion", job.Metadata.At("resourceVersion").Text()), ("uid", job.Uid)))]);
        if (succeeded is { } last)
            status["lastSuccessfulTime"] = last.Stamp();
        if (JsonNode.DeepEquals(before, status))
            return cron;
        var @object = cron.ToObject();
        @object["status"] = status;
        return Client.Update(_crons, @object, "status");
    }

    private void CleanUp(Document cron, List<Document> jobs)
    {
        void Keep(string how, int limit)
        {
            var ended = jobs.Where(job => JobController.FinishedAs(job) == how && !job.IsDeleting).OrderBy(job => job.Status.At("startTime").Time() ?? job.Created()).ToList();
            foreach (var job in ended.Take(Math.Max(0, ended.Count - limit)))
            {
                Client.Delete(_jobs, job.Key, new DeleteOptions { PropagationPolicy = "Background", PreconditionUid = job.Uid });
                Context.Events.Normal(cron, "SuccessfulDelete", $"Deleted job {job.Name}");
            }
        }
        Keep("Complete", cron.Spec.At("successfulJobsHistoryLimit").Integer(3));
        Keep("Failed", cron.Spec.At("failedJobsHistoryLimit").Integer(1));
    }
}
