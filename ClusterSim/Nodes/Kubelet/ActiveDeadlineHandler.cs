using ClusterSim.Nodes.Pods;

namespace ClusterSim.Nodes;

/// <summary>Ends pods that run longer than <c>activeDeadlineSeconds</c> (the kubelet's <c>activeDeadlineHandler</c>).</summary>
internal sealed class ActiveDeadlineHandler(NodeContext node, AssignedPod pod, PodWorkQueue queue, PodEventRecorder events)
{
    private const string Reason = "DeadlineExceeded";
    private const string Message = "Pod was active on the node longer than the specified deadline";

    /// <summary>The reason and message of the pod's status, once the deadline has ended the pod.</summary>
    public (string Reason, string Message)? Failure { get; private set; }

    /// <summary>Returns whether the pod must be terminated now; enqueues a sync for the deadline before.</summary>
    public bool ShouldEvict(bool isTerminating)
    {
        if (pod.Spec.At("activeDeadlineSeconds").Integer() is not { } seconds)
            return false;
        var deadline = pod.StartTime + TimeSpan.FromSeconds(seconds);
        if (node.Clock.GetUtcNow() < deadline)
        {
            queue.EnqueueAt(deadline);
            return false;
        }
        if (isTerminating && Failure is null)
            return false;
        // The kubelet records the event in every sync until the pod has ended.
        Failure = (Reason, Message);
        events.RecordNormal(null, Reason, Message);
        return !isTerminating;
    }
}
