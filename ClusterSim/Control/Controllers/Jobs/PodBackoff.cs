using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

/// <summary>Delays the pods that replace failed ones (<c>backoff_utils.go</c>).</summary>
internal static class PodBackoff
{
    private static readonly TimeSpan DefaultJobPodFailureBackOff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxJobPodFailureBackOff = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Returns how long no pod may be created, or null: 10 s after a failure, doubled for each further failure since the last success.
    /// </summary>
    public static TimeSpan? Remaining(IEnumerable<Document> endedPods, DateTimeOffset now)
    {
        var ended = endedPods.Select(pod => (Pod: pod, At: FinishedAt(pod))).OrderByDescending(one => one.At).ToList();
        var failures = ended.TakeWhile(one => one.Pod.Phase() == "Failed").Count();
        if (failures == 0)
            return null;
        var backoff = DefaultJobPodFailureBackOff * Math.Pow(2, Math.Min(failures - 1, 10));
        var remaining = ended[0].At + (backoff < MaxJobPodFailureBackOff ? backoff : MaxJobPodFailureBackOff) - now;
        return remaining > TimeSpan.Zero ? remaining : null;
    }

    // getFinishedTime.
    private static DateTimeOffset FinishedAt(Document pod)
    {
        var finished = DateTimeOffset.MinValue;
        foreach (var container in pod.Status.At("containerStatuses").Items())
            if (container.At("state", "terminated", "finishedAt").Time() is { } at && at > finished)
                finished = at;
        return finished > DateTimeOffset.MinValue ? finished : pod.Condition("Ready").At("lastTransitionTime").Time() ?? pod.Created();
    }
}
