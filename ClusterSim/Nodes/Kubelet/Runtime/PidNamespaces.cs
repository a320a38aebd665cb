using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;

namespace ClusterSim.Nodes.Runtime;

/// <summary>
/// Which processes see each other (<c>NamespaceMode</c> of the container runtime): those of a container; of an ephemeral container and its target;
/// of all containers, where the pod sets <c>shareProcessNamespace</c>.
/// </summary>
internal sealed class PidNamespaces(AssignedPod pod)
{
    private const int KillSignal = 9;
    private const int TerminationSignal = 15;
    private const long PauseUser = 65535;

    private ContainerProcesses? _shared;

    /// <summary>Returns the processes that a new instance of a container sees.</summary>
    public ContainerProcesses Of(PodContainer container)
    {
        if (pod.Spec.At("shareProcessNamespace").Flag(false))
            return _shared ??= WithPause();
        return container.Spec.At("targetContainerName").Text() is { Length: > 0 } target && pod.Find(target) is { IsRunning: true, Run.Files: { } files }
            ? files.Processes : new ContainerProcesses();
    }

    /// <summary>Lists the main process of an instance until the instance ends.</summary>
    public static void Add(ContainerRun run, ContainerProcesses processes, string commandLine)
    {
        ContainerProcess? listed = null;
        listed = processes.Start(commandLine, run.User.Uid, signal =>
        {
            if (signal == TerminationSignal)
                run.Terminate();
            else if (signal == KillSignal && listed!.Id > 1) // the kernel does not kill process 1 from within its namespace either
                run.Kill();
        });
        _ = run.Ended.ContinueWith(_ => processes.End(listed), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private static ContainerProcesses WithPause()
    {
        var processes = new ContainerProcesses();
        processes.Start("/pause", PauseUser, _ => { });
        return processes;
    }
}
