using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;

namespace ClusterSim.Nodes.Runtime;

/// <summary>Kills containers for want of memory, as the kernel's OOM killer does in a cgroup.</summary>
internal static class OomKiller
{
    /// <summary>Kills a running container.</summary>
    /// <returns>Whether it was running.</returns>
    public static bool Kill(PodContainer? container)
    {
        if (container?.Run is not { Exit: null } run)
            return false;
        run.Kill(ContainerExit.OutOfMemory);
        return true;
    }

    /// <summary>Kills a running container whose usage is above its limit. Usage is not measured; an annotation of the pod states it.</summary>
    public static void EnforceLimit(AssignedPod pod, PodContainer container)
    {
        if (container.Run is { Exit: null }
            && container.Spec.At("resources", "limits", "memory").Text() is { } text && Quantity.TryParse(text, out var limit, out _)
            && UsageAnnotations.Read(pod.Document.Metadata, "memory", container.Name, pod.Spec.At("containers").Count() == 1) is { } used && used.CompareTo(limit) > 0)
            Kill(container);
    }
}
