using System.Text.Json;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;

namespace ClusterSim.Nodes.Runtime;

/// <summary>Stops container instances, as the kubelet's <c>killContainer</c> does.</summary>
internal sealed class ContainerKiller(NodeContext node, AssignedPod pod, PodEventRecorder events, CommandRunner commands)
{
    // minimumGracePeriodInSeconds of the kubelet: the least time between a preStop hook that used up the grace period and the kill.
    private static readonly TimeSpan GraceMin = TimeSpan.FromSeconds(2);

    /// <summary>Returns a grace period that begins now.</summary>
    public CancellationTokenSource BeginGracePeriod(long seconds) =>
        new(seconds > 0 ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromMilliseconds(1), node.Clock);

    /// <summary>Begins to stop a container whose restart policy starts it again: after a failed probe, or a change of its spec.</summary>
    /// <param name="container">The container, which runs.</param>
    /// <param name="message">The event's message.</param>
    /// <param name="graceSeconds">The grace period; null: the pod's.</param>
    public void BeginKill(PodContainer container, string message, long? graceSeconds)
    {
        container.SetBeingKilled(true);
        var run = container.Run!;
        events.RecordNormal(container, "Killing", message);
        node.Dispatcher.Post(_ => _ = KillAsync(container, run, BeginGracePeriod(graceSeconds ?? pod.TerminationGracePeriodSeconds), runsPreStop: true), null);
    }

    /// <summary>
    /// Stops an instance:
    /// 1. run the preStop hook;
    /// 2. send SIGTERM;
    /// 3. wait for the end until the grace period is over, and at least <see cref="GraceMin"/> after a hook;
    /// 4. send SIGKILL;
    /// 5. stop its probes.
    /// </summary>
    public async Task KillAsync(PodContainer container, ContainerRun run, CancellationTokenSource grace, bool runsPreStop)
    {
        try
        {
            if (runsPreStop && container.Spec.At("lifecycle", "preStop") is { ValueKind: JsonValueKind.Object } hook && run.Exit is null)
            {
                if (await HandlerRunner.RunAsync(commands.TargetOf(container, run), hook, node.Clock, grace.Token) is not null)
                    events.RecordWarning(container, "FailedPreStopHook", "PreStopHook failed");
                run.Terminate();
                if (grace.IsCancellationRequested)
                    await WaitAsync(run, GraceMin);
            }
            run.Terminate();
            await run.Ended.WaitAsync(grace.Token);
        }
        catch (OperationCanceledException)
        {
            run.Kill();
        }
        container.StopProbes(run);
    }

    private async Task WaitAsync(ContainerRun run, TimeSpan span)
    {
        using var timeout = new CancellationTokenSource(span, node.Clock);
        await run.Ended.WaitAsync(timeout.Token);
    }
}
