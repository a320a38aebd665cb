using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

/// <summary>The reason why a Job has succeeded or failed.</summary>
internal sealed record JobOutcome(string Reason, string Message)
{
    /// <summary>The condition of a Job that will be complete once its pods have ended.</summary>
    public const string SuccessCriteriaMet = "SuccessCriteriaMet";

    /// <summary>The condition of a Job that will have failed once its pods have ended.</summary>
    public const string FailureTarget = "FailureTarget";

    /// <summary>Returns the outcome that an earlier reconcile recorded in a condition, or null.</summary>
    public static JobOutcome? Recorded(JsonObject status, string condition) =>
        Conditions.Find(status, condition) is { } found ? new(found.Text("reason")!, found.Text("message")!) : null;

    /// <summary>Returns the reason why the Job has succeeded, or null.</summary>
    public static JobOutcome? Success(JobSync sync)
    {
        var indexes = sync.IsIndexed ? CompletionIndexes.Parse(sync.Status.Text("completedIndexes")) : null;
        if (indexes is not null && SuccessPolicy.Match(sync.Job, indexes) is { } rule)
            return new("SuccessPolicy", $"Matched rules at index {rule}");
        var isComplete = sync.Job.Spec.At("completions").Integer() is { } completions
            ? (indexes?.Count ?? sync.Succeeded) >= completions
            : sync.Succeeded > 0 && sync.Active.Count == 0;
        return isComplete ? new("CompletionsReached", "Reached expected number of succeeded pods") : null;
    }

    /// <summary>Returns the reason why the Job has failed, or null.</summary>
    public static JobOutcome? Failure(JobSync sync)
    {
        foreach (var pod in sync.Pods.Where(pod => pod.Phase() == "Failed"))
            if (PodFailurePolicy.Match(sync.Job, pod) is { Action: "FailJob", Message: { } message })
                return new("PodFailurePolicy", message);
        if (sync.Failed > BackoffLimit(sync.Job) || IsPastBackoffLimitOnFailure(sync))
            return new("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        if (IsPastActiveDeadline(sync))
            return new("DeadlineExceeded", "Job was active longer than specified deadline");
        return BackoffLimitPerIndex.IsSet(sync.Job) ? BackoffLimitPerIndex.Failure(sync.Job, sync.Status) : null;
    }

    private static int BackoffLimit(Document job) => job.Spec.At("backoffLimit").Integer(6);

    // pastBackoffLimitOnFailure: with restartPolicy OnFailure the restarts of containers count as failures.
    private static bool IsPastBackoffLimitOnFailure(JobSync sync)
    {
        if (sync.Job.Spec.At("template", "spec", "restartPolicy").Text() != "OnFailure")
            return false;
        var restarts = sync.Pods.Where(pod => pod.Phase() is "Running" or "Pending").Sum(pod => pod.Restarts());
        var limit = BackoffLimit(sync.Job);
        return limit == 0 ? restarts > 0 : restarts >= limit;
    }

    // pastActiveDeadline.
    private static bool IsPastActiveDeadline(JobSync sync) =>
        !sync.IsSuspended && sync.Job.Spec.At("activeDeadlineSeconds").Integer() is { } seconds
        && sync.Status.Text("startTime") is { } started && DateTimeOffset.Parse(started, CultureInfo.InvariantCulture).AddSeconds(seconds) <= sync.Now;
}
