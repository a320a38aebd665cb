using ClusterSim.Nodes.Containers;
using ClusterSim.Storage;

namespace ClusterSim.Nodes.Status;

/// <summary>The phase of a pod (<c>getPhase</c>).</summary>
internal static class PodPhase
{
    /// <summary>Computes the phase from the state of the containers.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="containers">Its containers.</param>
    /// <param name="isTerminated">Whether none of them will run again.</param>
    public static string Of(Document pod, IReadOnlyList<PodContainer> containers, bool isTerminated)
    {
        var policy = pod.Spec.At("restartPolicy").Text("Always");
        int pendingInit = 0, failedInit = 0, running = 0, waiting = 0, stopped = 0, succeeded = 0;
        foreach (var container in containers)
        {
            var exit = container.Run?.Exit ?? (container.Run is null ? container.PreviousExit : null);
            switch (container.Kind)
            {
                case ContainerKind.Init when exit is null:
                    pendingInit++;
                    break;
                case ContainerKind.Init when exit.ExitCode != 0:
                    failedInit++;
                    break;
                case ContainerKind.Sidecar when container.Run is null || container.IsHookPending:
                    pendingInit++;
                    break;
                case ContainerKind.Regular when container.IsRunning:
                    running++;
                    break;
                case ContainerKind.Regular when exit is not null:
                    stopped++;
                    succeeded += exit.ExitCode == 0 ? 1 : 0;
                    break;
                case ContainerKind.Regular:
                    waiting++;
                    break;
                default:
                    break;
            }
        }
        if (failedInit > 0 && policy == "Never")
            return "Failed";
        if (isTerminated && stopped > 0)
            return waiting == 0 && succeeded == stopped ? "Succeeded" : "Failed";
        if (pendingInit > 0 || waiting > 0)
            return "Pending";
        if (running > 0 || policy == "Always")
            return "Running";
        if (stopped == succeeded)
            return "Succeeded";
        return policy == "Never" ? "Failed" : "Running";
    }
}
