using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

/// <summary>
/// Failures counted index by index, where a Job has <c>backoffLimitPerIndex</c> (<c>backoff_utils.go</c>, <c>indexed_job_utils.go</c>): each
/// pod carries how often its index failed before it; the last failed pod of an index keeps its finalizer until its successor has taken the
/// count over, so that deleting pods forgets nothing.
/// </summary>
internal static class JobIndexFailures
{
    private const string CountAnnotation = "batch.kubernetes.io/job-index-failure-count";
    private const string IgnoredAnnotation = "batch.kubernetes.io/job-index-ignored-failure-count";

    /// <summary>Whether the Job counts by index.</summary>
    public static bool AreLimited(Document job) =>
        job.Spec.At("backoffLimitPerIndex").Exists() && job.Spec.At("completionMode").Text() == "Indexed";

    /// <summary>The end of a Job of which too many indexes failed, or of which all indexes are over and one failed; null for neither.</summary>
    public static (string Reason, string Message)? Verdict(Document job, JsonObject status)
    {
        var failed = JobIndexes.Parse(status.Text("failedIndexes")).Count;
        if (job.Spec.At("maxFailedIndexes").Integer() is { } most && failed > most)
            return ("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
        var done = JobIndexes.Parse(status.Text("completedIndexes")).Count;
        return failed > 0 && failed + done >= job.Spec.At("completions").Integer(0) ? ("FailedIndexes", "Job has failed indexes") : null;
    }

    /// <summary>Whether an ended pod is not to be counted yet, being the last failure of an index that goes on.</summary>
    public static bool AwaitsSuccessor(Document job, Document pod, List<Document> pods) =>
        AreLimited(job) && pod.Phase() == "Failed" && JobController.Index(pod) is >= 0 and var index
        && !job.IsDeleting && !job.Is("FailureTarget") && !job.Is("SuccessCriteriaMet")
        && !HasFailedForGood(job, pod)
        && !JobIndexes.Parse(job.Status.At("completedIndexes").Text()).Contains(index)
        && !JobIndexes.Parse(job.Status.At("failedIndexes").Text()).Contains(index)
        && index < job.Spec.At("completions").Integer(0)
        && !pods.Exists(other => other.Uid != pod.Uid && JobController.Index(other) == index && Attempts(other) > Attempts(pod));

    /// <summary>Adds the indexes that these pods were the last failure of to <c>failedIndexes</c>.</summary>
    public static void Record(Document job, JsonObject status, IEnumerable<Document> counted)
    {
        var failed = JobIndexes.Parse(status.Text("failedIndexes"));
        failed.UnionWith(counted.Where(pod => HasFailedForGood(job, pod)).Select(JobController.Index).Where(index => index >= 0));
        status["failedIndexes"] = JobIndexes.Format(failed);
    }

    /// <summary>Writes into a new pod how often its index failed before.</summary>
    public static void Note(JsonObject pod, Document job, List<Document> ended)
    {
        var last = ended.MaxBy(Attempts);
        var ignored = last is not null && IsIgnored(job, last);
        var annotations = pod.Ensure("metadata").Ensure("annotations");
        annotations[CountAnnotation] = Text(last is null ? 0 : Count(last, CountAnnotation) + (ignored ? 0 : 1));
        if (ignored || (last is not null && Count(last, IgnoredAnnotation) > 0))
            annotations[IgnoredAnnotation] = Text(Count(last!, IgnoredAnnotation) + (ignored ? 1 : 0));
    }

    private static bool HasFailedForGood(Document job, Document pod) =>
        JobFailurePolicy.Judge(job, pod) is var (action, _)
            ? action == "FailIndex" || (action != "Ignore" && IsBeyondLimit(job, pod))
            : IsBeyondLimit(job, pod);

    private static bool IsBeyondLimit(Document job, Document pod) => Count(pod, CountAnnotation) >= job.Spec.At("backoffLimitPerIndex").Integer(0);

    private static bool IsIgnored(Document job, Document pod) => JobFailurePolicy.Judge(job, pod) is { Action: "Ignore" };

    // Which try of its index a pod is.
    private static int Attempts(Document pod) => Count(pod, CountAnnotation) + Count(pod, IgnoredAnnotation);

    private static int Count(Document pod, string annotation) =>
        int.TryParse(pod.Annotation(annotation), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
