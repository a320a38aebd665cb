using ClusterSim.Storage;

namespace ClusterSim.Scheduling.Framework;

/// <summary>
/// The pods for which others were removed from a node, and which are not bound yet (<c>framework.PodNominator</c>). Guarded by the lock of the
/// scheduler's cache.
/// </summary>
internal sealed class Nominator
{
    private readonly Dictionary<ObjectKey, (PodInfo Pod, string Node)> _nominated = [];

    /// <summary>Nominates a pod to a node.</summary>
    public void AddNominatedPod(PodInfo pod, string node) => _nominated[pod.Pod.Key] = (pod, node);

    /// <summary>Removes a pod's nomination, if there is one.</summary>
    public void DeleteNominatedPodIfExists(ObjectKey pod) => _nominated.Remove(pod);

    /// <summary>Returns the node that the pod is nominated to, or null.</summary>
    public string? NominatedNodeName(ObjectKey pod) => _nominated.TryGetValue(pod, out var nominated) ? nominated.Node : null;

    /// <summary>Returns what other pods request that are nominated to the node and at least as important as this pod.</summary>
    public NominatedRequests RequestsOn(NodeInfo node, PodInfo pod)
    {
        if (_nominated.Count == 0)
            return NominatedRequests.None;
        var requests = Resource.Zero;
        var pods = 0;
        foreach (var (key, (other, name)) in _nominated)
            if (name == node.Name && other.Priority >= pod.Priority && key != pod.Pod.Key)
            {
                requests += other.Requests;
                pods++;
            }
        return new NominatedRequests(requests, pods);
    }
}

/// <summary>What pods that are nominated to a node request.</summary>
/// <param name="Requests">The sum of their requests.</param>
/// <param name="Pods">The number of pods.</param>
internal sealed record NominatedRequests(Resource Requests, int Pods)
{
    /// <summary>No pods.</summary>
    public static NominatedRequests None { get; } = new(Resource.Zero, 0);
}
