using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;
using ClusterSim.Nodes.Runtime;

namespace ClusterSim.Nodes;

/// <summary>The end of a pod: of its containers (<c>SyncTerminatingPod</c>), which share one grace period.</summary>
internal sealed class PodTermination(NodeContext node, AssignedPod pod, PodWorkQueue queue, PodEventRecorder events, ContainerKiller killer, PodProbes probes)
{
    private CancellationTokenSource? _grace;
    private DateTimeOffset _graceEnds;
    private volatile bool _haveContainersEnded;

    /// <summary>Whether the containers are being stopped, or have been.</summary>
    public bool IsTerminating => _grace is not null;

    /// <summary>Whether all containers have ended since the termination began.</summary>
    public bool HaveContainersEnded => _haveContainersEnded;

    /// <summary>Whether the pod has ended; nothing of it runs or will run.</summary>
    public bool IsTerminated { get; private set; }

    /// <summary>
    /// Begins to stop all containers: first those that are no sidecars, at the same time; then the sidecars one by one in reverse order. Each gets
    /// its preStop hook and SIGTERM, and SIGKILL when the grace period is over. A later call may shorten the grace period.
    /// </summary>
    public void Begin(long graceSeconds)
    {
        var grace = TimeSpan.FromSeconds(Math.Max(0, graceSeconds));
        var ends = node.Clock.GetUtcNow() + grace;
        if (_grace is not null)
        {
            if (ends < _graceEnds)
            {
                _graceEnds = ends;
                _grace.CancelAfter(grace > TimeSpan.Zero ? grace : TimeSpan.FromMilliseconds(1));
            }
            return;
        }
        _graceEnds = ends;
        _grace = killer.BeginGracePeriod(graceSeconds);
        probes.StopLivenessAndStartup();
        if (pod.Containers.All(container => container.Run is null or { Exit: not null }))
            _haveContainersEnded = true;
        else
            node.Dispatcher.Post(_ => _ = KillContainersAsync(_grace), null);
    }

    /// <summary>Marks the pod as ended.</summary>
    public void Complete() => IsTerminated = true;

    private async Task KillContainersAsync(CancellationTokenSource grace)
    {
        var running = pod.Containers.Where(container => container.Run is { Exit: null }).ToLookup(container => container.Kind == ContainerKind.Sidecar);
        foreach (var container in running[false])
            RecordKilling(container);
        await Task.WhenAll(running[false].Select(container => killer.KillAsync(container, container.Run!, grace, runsPreStop: true)));
        foreach (var sidecar in running[true].Reverse())
        {
            RecordKilling(sidecar);
            await killer.KillAsync(sidecar, sidecar.Run!, grace, runsPreStop: true);
        }
        _haveContainersEnded = true;
        queue.Enqueue();
    }

    private void RecordKilling(PodContainer container) => events.RecordNormal(container, "Killing", $"Stopping container {container.Name}");
}
