using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;

namespace ClusterSim.Nodes.Runtime;

/// <summary>The fault that delays the start of containers. It is evaluated once for each start.</summary>
internal sealed class StartDelays(NodeContext node, AssignedPod pod, PodWorkQueue queue)
{
    private Dictionary<(string Name, int Restarts, bool IsFirst), DateTimeOffset>? _until;

    /// <summary>Returns whether a container must not start yet; enqueues a sync for when it may.</summary>
    public bool IsDelayed(PodContainer container)
    {
        if (node.Shared.Faults.StartDelay is not { } delayOf)
            return false;
        _until ??= [];
        var now = node.Clock.GetUtcNow();
        var start = (container.Name, container.Restarts, container.Run is null);
        if (!_until.TryGetValue(start, out var until))
            _until[start] = until = now + delayOf(pod.Document, container.Name);
        if (until > now)
            queue.EnqueueAt(until);
        return until > now;
    }
}
