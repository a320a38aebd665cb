using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Storage;

namespace ClusterSim.Nodes;

/// <summary>Who sees whose processes: a container its own; an ephemeral one those of its target; all of them all, where the pod shares them.</summary>
internal sealed partial class PodWorker
{
    private const int KillSignal = 9;
    private const long PauseUser = 65535;

    private ContainerProcesses? _sharedProcesses;

    private ContainerProcesses ProcessesSeenBy(PodContainer container)
    {
        if (_pod.Spec.At("shareProcessNamespace").Flag(false))
            return _sharedProcesses ??= WithPause();
        return container.Spec.At("targetContainerName").Text() is { Length: > 0 } target && Container(target) is { IsRunning: true, Files: { } files } ? files.Processes : new ContainerProcesses();
    }

    private static void List(ContainerRun run, ContainerProcesses processes, string commandLine, long user)
    {
        ContainerProcess? listed = null;
        listed = processes.Start(commandLine, user, signal =>
        {
            if (signal == StopSignal)
                run.Terminate();
            else if (signal == KillSignal && listed!.Id > 1) // which for the kernel, too, is the one that nobody in there can kill
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
