using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

/// <summary>
/// Counts failures per index for Jobs with <c>backoffLimitPerIndex</c> (<c>backoff_utils.go</c>, <c>indexed_job_utils.go</c>). An annotation of
/// each pod has the number of earlier failures of its index. The last failed pod of an index keeps its finalizer until its successor exists, so
/// that deleting pods loses no count.
/// </summary>
internal static class BackoffLimitPerIndex
{
    private const string CountAnnotation = "batch.kubernetes.io/job-index-failure-count";
    private const string IgnoredAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

    /// <summary>Returns whether the Job has a backoff limit per index (<c>hasBackoffLimitPerIndex</c>).</summary>
    public static bool IsSet(Document job) =>
        job.Spec.At("backoffLimitPerIndex").Exists() && CompletionIndexes.IsIndexed(job);

    /// <summary>Returns the failure of a Job of which too many indexes failed, or all indexes have ended and one failed; otherwise null.</summary>
    public static JobOutcome? Failure(Document job, JsonObject status)
    {
        var failed = CompletionIndexes.Parse(status.Text("failedIndexes")).Count;
        if (job.Spec.At("maxFailedIndexes").Integer() is { } max && failed > max)
            return new("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
        var completed = CompletionIndexes.Parse(status.Text("completedIndexes")).Count;
        return failed > 0 && failed + completed >= job.Spec.At("completions").Integer(0) ? new("FailedIndexes", "Job has failed indexes") : null;
    }

    /// <summary>Returns whether a failed pod must not be counted yet, because its index will be retried and its successor does not exist.</summary>
    public static bool AwaitsSuccessor(Document job, Document pod, List<Document> pods) =>
        IsSet(job) && pod.Phase() == "Failed" && CompletionIndexes.Of(pod) is >= 0 and var index
        && !job.IsDeleting && !job.Is("FailureTarget") && !job.Is("SuccessCriteriaMet")
        && !IsIndexFailed(job, pod)
        && !CompletionIndexes.Parse(job.Status.At("completedIndexes").Text()).Contains(index)
        && !CompletionIndexes.Parse(job.Status.At("failedIndexes").Text()).Contains(index)
        && index < job.Spec.At("completions").Integer(0)
        && !pods.Exists(other => other.Uid != pod.Uid && CompletionIndexes.Of(other) == index && Attempts(other) > Attempts(pod));

    /// <summary>Adds the indexes of pods that exceed the limit to <c>status.failedIndexes</c>.</summary>
    public static void AddFailedIndexes(Document job, JsonObject status, IEnumerable<Document> failedPods)
    {
        var failed = CompletionIndexes.Parse(status.Text("failedIndexes"));
        failed.UnionWith(failedPods.Where(pod => IsIndexFailed(job, pod)).Select(CompletionIndexes.Of).Where(index => index >= 0));
        status["failedIndexes"] = CompletionIndexes.Format(failed);
    }

    /// <summary>Annotates a new pod with the number of earlier failures of its index.</summary>
    public static void Annotate(JsonObject pod, Document job, List<Document> ended)
    {
        var last = ended.MaxBy(Attempts);
        var ignored = last is not null && IsIgnored(job, last);
        var annotations = pod.Ensure("metadata").Ensure("annotations");
        annotations[CountAnnotation] = Text(last is null ? 0 : Count(last, CountAnnotation) + (ignored ? 0 : 1));
        if (ignored || (last is not null && Count(last, IgnoredAnnotation) > 0))
            annotations[IgnoredAnnotation] = Text(Count(last!, IgnoredAnnotation) + (ignored ? 1 : 0));
    }

    private static bool IsIndexFailed(Document job, Document pod) =>
        PodFailurePolicy.Match(job, pod) is var (action, _)
            ? action == "FailIndex" || (action != "Ignore" && IsPastLimit(job, pod))
            : IsPastLimit(job, pod);

    private static bool IsPastLimit(Document job, Document pod) => Count(pod, CountAnnotation) >= job.Spec.At("backoffLimitPerIndex").Integer(0);

    private static bool IsIgnored(Document job, Document pod) => PodFailurePolicy.Match(job, pod) is { Action: "Ignore" };

    // The number of earlier pods of its index.
    private static int Attempts(Document pod) => Count(pod, CountAnnotation) + Count(pod, IgnoredAnnotation);

    private static int Count(Document pod, string annotation) =>
        int.TryParse(pod.Annotation(annotation), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
