using ClusterSim.Nodes.Pods;
using ClusterSim.Nodes.Volumes;

namespace ClusterSim.Nodes;

/// <summary>Evicts pods that use more local ephemeral storage than they may (the kubelet's eviction manager, <c>localStorageEviction</c>).</summary>
internal sealed class StorageEviction(AssignedPod pod, PodStorage storage, PodEventRecorder events)
{
    /// <summary>The grace period of an eviction (<c>immediateEvictionGracePeriodSeconds</c>).</summary>
    public const long GraceSeconds = 1;

    private const string Reason = "Evicted";

    // SystemCriticalPriority.
    private const int CriticalPriority = 2_000_000_000;

    /// <summary>The reason and message of the pod's status, once it was evicted.</summary>
    public (string Reason, string Message)? Failure { get; private set; }

    /// <summary>Returns whether the pod must be terminated now, and records why.</summary>
    public bool ShouldEvict()
    {
        if (Failure is not null || storage.FindEviction() is not { } message || pod.Spec.At("priority").Integer(0) >= CriticalPriority)
            return false;
        Failure = (Reason, message);
        events.RecordWarning(null, Reason, message);
        return true;
    }
}
