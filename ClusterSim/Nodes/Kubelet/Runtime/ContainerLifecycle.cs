using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;

namespace ClusterSim.Nodes.Runtime;

/// <summary>
/// Decides which containers of a pod start, restart and stop, as the kubelet's <c>computePodActions</c> does: init containers one after the other,
/// sidecars in between and for good, then the containers.
/// </summary>
internal sealed class ContainerLifecycle(AssignedPod pod, ContainerStarter starter, ContainerKiller killer, RestartBackOff backOff)
{
    /// <summary>Whether every init container has completed and every sidecar has started, once.</summary>
    public bool IsInitialized { get; private set; }

    /// <summary>Starts, restarts and stops containers as far as the pod's state allows now.</summary>
    public void Sync()
    {
        if (!SyncInitContainers())
            return;
        IsInitialized = true;
        foreach (var container in pod.Containers)
        {
            if (container.Kind is not (ContainerKind.Regular or ContainerKind.Ephemeral))
                continue;
            Sync(container);
            OomKiller.EnforceLimit(pod, container);
            if (container.IsHookPending)
                return; // the kubelet starts the next container when this one's postStart hook is done
        }
    }

    /// <summary>Returns whether the containers after the init containers may run.</summary>
    private bool SyncInitContainers()
    {
        foreach (var container in pod.Containers)
        {
            if (container.Kind == ContainerKind.Sidecar)
            {
                Sync(container);
                if (!IsInitialized && !container.IsStarted)
                    return false;
            }
            else if (container.Kind == ContainerKind.Init && !IsInitialized && container.Run?.Exit?.ExitCode != 0)
            {
                Sync(container);
                return false;
            }
        }
        return true;
    }

    private void Sync(PodContainer container)
    {
        if (container.Run is { Exit: null } run)
        {
            if (!container.IsBeingKilled && run.ImageRequested != container.Spec.At("image").Text())
                killer.BeginKill(container, $"Container {container.Name} definition changed, will be restarted", null);
            return;
        }
        if (container.Run?.Exit is not { } exit)
        {
            starter.Start(container);
            return;
        }
        container.StopProbes();
        if (pod.ShouldRestart(container, exit) && !backOff.MustWait(container, exit))
            starter.Start(container);
    }
}
