using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

/// <summary>One reconcile of a Job (<c>syncJobCtx</c>): the Job, its pods, and the status that is being calculated.</summary>
internal sealed class JobSync
{
    /// <summary>Starts with the status as it is.</summary>
    public JobSync(Document job, List<Document> pods, DateTimeOffset now)
    {
        (Job, Pods, Now) = (job, pods, now);
        Status = job.Status.ToObject();
        CountPods(pods);
    }

    /// <summary>The Job.</summary>
    public Document Job { get; }

    /// <summary>Its pods when the reconcile started. Those that have ended since are in no counter yet.</summary>
    public List<Document> Pods { get; }

    /// <summary>The time.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The status.</summary>
    public JsonObject Status { get; }

    /// <summary>The pods that have not ended and are not being deleted.</summary>
    public List<Document> Active { get; private set; } = [];

    /// <summary>The number of pods that are being deleted and have not ended.</summary>
    public int Terminating { get; private set; }

    /// <summary>Whether the Job is suspended.</summary>
    public bool IsSuspended => Job.Spec.At("suspend").Flag(false);

    /// <summary>Whether its pods have completion indexes.</summary>
    public bool IsIndexed => CompletionIndexes.IsIndexed(Job);

    /// <summary>The number of pods that succeeded.</summary>
    public int Succeeded => (int)(Status.Integer("succeeded") ?? 0);

    /// <summary>The number of pods that failed.</summary>
    public int Failed => (int)(Status.Integer("failed") ?? 0);

    /// <summary>Whether pods are replaced only once they have failed, not when they start to terminate.</summary>
    public bool OnlyReplacesFailedPods => OnlyReplacesFailed(Job);

    /// <summary>Returns whether the Job's <c>podReplacementPolicy</c> is <c>Failed</c>.</summary>
    public static bool OnlyReplacesFailed(Document job) => job.Spec.At("podReplacementPolicy").Text() == "Failed";

    /// <summary>Returns whether a pod is being deleted and has not ended (<c>IsPodTerminating</c>).</summary>
    public static bool IsTerminating(Document pod) => pod.IsDeleting && !pod.IsEnded();

    /// <summary>Counts the active and the terminating pods.</summary>
    public void CountPods(IEnumerable<Document> pods)
    {
        Active = [];
        Terminating = 0;
        foreach (var pod in pods)
        {
            if (pod.IsActive())
                Active.Add(pod);
            else if (IsTerminating(pod))
                Terminating++;
        }
    }
}
