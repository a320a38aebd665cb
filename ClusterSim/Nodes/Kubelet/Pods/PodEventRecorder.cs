using ClusterSim.Client;
using ClusterSim.Nodes.Containers;

namespace ClusterSim.Nodes.Pods;

/// <summary>Records events about one pod and its containers, as the kubelet's <c>recordContainerEvent</c> does.</summary>
internal sealed class PodEventRecorder(EventRecorder events, AssignedPod pod)
{
    private volatile bool _isStopped;

    /// <summary>Records a Normal event.</summary>
    /// <param name="container">The container that it is about; null: the pod.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="message">The message.</param>
    public void RecordNormal(PodContainer? container, string reason, string message)
    {
        if (!_isStopped)
            events.Normal(pod.Document, reason, message, FieldPathOf(container));
    }

    /// <summary>Records a Warning event.</summary>
    /// <param name="container">The container that it is about; null: the pod.</param>
    /// <param name="reason">The reason.</param>
    /// <param name="message">The message.</param>
    public void RecordWarning(PodContainer? container, string reason, string message)
    {
        if (!_isStopped)
            events.Warning(pod.Document, reason, message, FieldPathOf(container));
    }

    /// <summary>Records nothing more: the node has no power.</summary>
    public void Stop() => _isStopped = true;

    private static string FieldPathOf(PodContainer? container) => container?.Kind switch
    {
        null => "",
        ContainerKind.Regular => $"spec.containers{{{container.Name}}}",
        ContainerKind.Ephemeral => $"spec.ephemeralContainers{{{container.Name}}}",
        _ => $"spec.initContainers{{{container.Name}}}",
    };
}
