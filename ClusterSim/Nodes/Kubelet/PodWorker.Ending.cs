using ClusterSim.Client;
using ClusterSim.Network;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Probes;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Requests;
using ClusterSim.Storage;

namespace ClusterSim.Nodes;

internal sealed partial class PodWorker
{
    // The kubelet leaves a container at least this long after a preStop hook has used up the grace period.
    private static readonly TimeSpan GraceMin = TimeSpan.FromSeconds(2);

    private bool _isTerminating;
    private volatile bool _haveAllEnded;
    private bool _isOver;
    private string? _failedReason;
    private string? _failedMessage;
    private CancellationTokenSource? _grace;
    private DateTimeOffset _graceEnds;

    /// <summary>
    /// Ends the pod: the containers at the same time, then the sidecars one by one in reverse order; each gets its preStop hook and SIGTERM,
    /// and after the grace period, which all of it shares, SIGKILL. Called again with less time, it hurries.
    /// </summary>
    private void Terminate(long graceSeconds)
    {
        var grace = TimeSpan.FromSeconds(Math.Max(0, graceSeconds));
        var ends = _node.Clock.GetUtcNow() + grace;
        if (_isTerminating)
        {
            if (ends < _graceEnds)
            {
                _graceEnds = ends;
                _grace?.CancelAfter(grace > TimeSpan.Zero ? grace : TimeSpan.FromMilliseconds(1));
            }
            return;
        }
        _isTerminating = true;
        _graceEnds = ends;
        _grace = GraceOf(graceSeconds);
        foreach (var probe in _containers.SelectMany(container => container.Probes))
            if (probe.Kind != ProbeKind.Readiness)
                probe.Dispose(); // what ends need not be alive; whether it still serves is asked to the end
        if (_containers.TrueForAll(container => container.Run is null or { Exit: not null }))
            _haveAllEnded = true;
        else
            _node.Tracked.Post(_ => _ = TerminateAsync(_grace), null);
    }

    private async Task TerminateAsync(CancellationTokenSource grace)
    {
        var running = _containers.Where(container => container.Run is { Exit: null }).ToList();
        foreach (var container in running)
            if (container.Kind != ContainerKind.Sidecar)
                Normal(container, "Killing", $"Stopping container {container.Name}");
        await Task.WhenAll(running.Where(container => container.Kind != ContainerKind.Sidecar).Select(container => EndAsync(container, container.Run!, grace, runHook: true)));
        foreach (var sidecar in running.Where(container => container.Kind == ContainerKind.Sidecar).Reverse())
        {
            Normal(sidecar, "Killing", $"Stopping container {sidecar.Name}");
            await EndAsync(sidecar, sidecar.Run!, grace, runHook: true);
        }
        _haveAllEnded = true;
        Kick();
    }

    /// <summary>Stops one container that its restart policy brings back: a failed probe, a changed image.</summary>
    private void Stop(PodContainer container, string why, long? graceSeconds)
    {
        container.IsBeingKilled = true;
        var run = container.Run!;
        Normal(container, "Killing", why);
        _node.Tracked.Post(_ => _ = EndAsync(container, run, GraceOf(graceSeconds ?? GracePeriod), runHook: true), null);
    }

    private CancellationTokenSource GraceOf(long seconds) =>
        new(seconds > 0 ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromMilliseconds(1), _node.Clock);

    /// <summary>preStop, SIGTERM, and at the end of the grace period the kill.</summary>
    private async Task EndAsync(PodContainer container, ContainerRun run, CancellationTokenSource grace, bool runHook)
    {
        try
        {
            if (runHook && container.Spec.At("lifecycle", "preStop") is { ValueKind: System.Text.Json.JsonValueKind.Object } hook && run.Exit is null)
            {
                if (await LifecycleHook.RunAsync(TargetOf(container, run), hook, _node.Clock, grace.Token) is not null)
                    Warning(container, "FailedPreStopHook", "PreStopHook failed");
                run.Terminate();
                if (grace.IsCancellationRequested)
                    await EndWithinAsync(run, GraceMin);
            }
            run.Terminate();
            await run.Ended.WaitAsync(grace.Token);
        }
        catch (OperationCanceledException)
        {
            run.Kill();
        }
        // Of this instance alone: the next may have started by now.
        container.StopProbes(run);
    }

    private async Task EndWithinAsync(ContainerRun run, TimeSpan span)
    {
        using var more = new CancellationTokenSource(span, _node.Clock);
        await run.Ended.WaitAsync(more.Token);
    }

    /// <summary>
    /// The last things of a pod whose processes have all ended: its sandbox and files go, the status is written for the last time, and a pod
    /// that was being deleted is removed from the API. A pod that merely ended stays, with its logs.
    /// </summary>
    private void Finish(bool isThere)
    {
        if (_network is not null)
        {
            var network = _network;
            _network = null;
            _ = network.DisposeAsync().AsTask();
            _volumes.Remove();
        }
        if (isThere && _sandboxWasMade)
            WriteStatus();
        if (isThere && !_pod.IsDeleting)
            return;
        if (isThere)
            _node.Client.Delete(_node.Pods, _key, new DeleteOptions { GracePeriodSeconds = 0, PreconditionUid = _uid });
        if (_node.Client.Find(_node.Pods, _key) is { } left && left.Uid == _uid)
            return; // a finalizer holds it: nothing is left to do here until it goes
        _timer?.Dispose();
        IsGone = true;
        Gone?.Invoke(this);
    }
}
