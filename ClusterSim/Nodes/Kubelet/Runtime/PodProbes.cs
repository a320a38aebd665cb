using System.Text.Json;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;
using ClusterSim.Nodes.Probes;

namespace ClusterSim.Nodes.Runtime;

/// <summary>Probes the containers of one pod and acts on the results, as the kubelet's prober manager does.</summary>
internal sealed class PodProbes(NodeContext node, AssignedPod pod, PodWorkQueue queue, PodEventRecorder events, ContainerKiller killer, CommandRunner commands)
{
    private static readonly (ProbeKind Kind, string Field)[] ProbeFields =
        [(ProbeKind.Startup, "startupProbe"), (ProbeKind.Liveness, "livenessProbe"), (ProbeKind.Readiness, "readinessProbe")];

    private volatile bool _isReadinessOnly;

    /// <summary>Starts the probes of a container instance.</summary>
    public void Start(PodContainer container, ContainerRun run)
    {
        List<ProbeWorker> probes = [];
        foreach (var (kind, field) in ProbeFields)
            if (container.Spec.At(field) is { ValueKind: JsonValueKind.Object } probe)
                probes.Add(new ProbeWorker(
                    kind, run, commands.TargetOf(container, run), probe, node.Clock, node.Dispatcher,
                    () => !container.IsHookPending && (kind == ProbeKind.Startup ? !container.IsStarted : container.IsStarted),
                    (worker, result) => Handle(container, worker, result)));
        container.StartProbes(probes);
    }

    /// <summary>Stops all but the readiness probes, for the pod terminates (<c>StopLivenessAndStartup</c>).</summary>
    public void StopLivenessAndStartup()
    {
        _isReadinessOnly = true;
        foreach (var container in pod.Containers)
            foreach (var probe in container.Probes)
                if (probe.Kind != ProbeKind.Readiness)
                    probe.Dispose();
    }

    private void Handle(PodContainer container, ProbeWorker probe, ProbeResult result)
    {
        if (container.Run != probe.Run || queue.IsStopped)
            return;
        if (result.Outcome == ProbeOutcome.Failure)
            events.RecordWarning(container, "Unhealthy", $"{probe.Kind} probe failed: {result.Message}");
        else if (result.Outcome == ProbeOutcome.Unknown)
            events.RecordWarning(container, "Unhealthy", $"{probe.Kind} probe errored and resulted in unknown state: {result.Message}");
        if (probe.Passes is not { } passes)
            return;
        if (passes && probe.Kind == ProbeKind.Startup)
            foreach (var other in container.Probes)
                other.Trigger();
        if (!passes && probe.Kind != ProbeKind.Readiness && !container.IsBeingKilled && !_isReadinessOnly)
        {
            var message = $"Container {container.Name} failed {(probe.Kind == ProbeKind.Liveness ? "liveness" : "startup")} probe";
            var isRestarted = container.Kind == ContainerKind.Sidecar || pod.RestartPolicy != "Never";
            killer.BeginKill(container, isRestarted ? message + ", will be restarted" : message, probe.GraceSeconds);
        }
        queue.Enqueue();
    }
}
