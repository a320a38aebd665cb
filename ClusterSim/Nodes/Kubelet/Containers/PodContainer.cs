using System.Text.Json;
using ClusterSim.Nodes.Probes;

namespace ClusterSim.Nodes.Containers;

/// <summary>One container of a pod on its node: its instances, one after the other, and the state of the current one.</summary>
internal sealed class PodContainer(ContainerKind kind, JsonElement spec)
{
    private static readonly string[] Resizable = ["requests", "limits"];

    private IReadOnlyList<ProbeWorker> _probes = [];

    /// <summary>The kind of container.</summary>
    public ContainerKind Kind { get; } = kind;

    /// <summary>The container's name.</summary>
    public string Name { get; } = spec.At("name").Text("");

    /// <summary>The container in the pod's spec.</summary>
    public JsonElement Spec { get; private set; } = spec;

    /// <summary>The resources that the node has allocated to the container (<c>status.allocatedResources</c>).</summary>
    public JsonElement Allocated { get; private set; } = spec.At("resources");

    /// <summary>The resources that the newest instance runs with; they differ from <see cref="Allocated"/> while a resize waits for a restart.</summary>
    public JsonElement Actual { get; private set; } = spec.At("resources");

    /// <summary>The newest instance; null before the first.</summary>
    public ContainerRun? Run { get; private set; }

    /// <summary>The instance before; null where there was none.</summary>
    public ContainerRun? Previous { get; private set; }

    /// <summary>How the instance before ended.</summary>
    public ContainerExit? PreviousExit { get; private set; }

    /// <summary>How often the container was started again.</summary>
    public int Restarts { get; private set; }

    /// <summary>Why the container waits (<c>state.waiting.reason</c>); null: it runs, has ended, or has no reason of its own to wait.</summary>
    public string? WaitingReason { get; private set; }

    /// <summary><c>state.waiting.message</c>.</summary>
    public string? WaitingMessage { get; private set; }

    /// <summary>Whether the postStart hook is running: until it is done, the pod's status does not show the container as running.</summary>
    public bool IsHookPending { get; private set; }

    /// <summary>Whether the instance is being killed on account of a probe, a hook or a change, to be restarted.</summary>
    public bool IsBeingKilled { get; private set; }

    /// <summary>The probes of the newest instance.</summary>
    public IReadOnlyList<ProbeWorker> Probes => _probes;

    /// <summary>Whether an instance is running and its postStart hook, if any, is done.</summary>
    public bool IsRunning => Run is { Exit: null } && !IsHookPending;

    /// <summary>Whether the container runs and its startup probe, if any, has passed.</summary>
    public bool IsStarted => IsRunning && Passes(ProbeKind.Startup);

    /// <summary>Whether the container has started and its readiness probe, if any, passes; of an init container: whether it has completed.</summary>
    public bool IsReady => Kind == ContainerKind.Init ? Run?.Exit?.ExitCode == 0 : IsStarted && Passes(ProbeKind.Readiness);

    /// <summary>Takes over a newer version of the spec.</summary>
    public void UpdateSpec(JsonElement live) => Spec = live;

    /// <summary>Takes over the status that an earlier kubelet of this node wrote: the instance that ran then has ended.</summary>
    /// <param name="status">The container's status.</param>
    /// <param name="startTime">The start of an instance whose status has none.</param>
    /// <param name="now">The end of an instance whose status has none.</param>
    public void Restore(JsonElement status, DateTimeOffset startTime, DateTimeOffset now)
    {
        var state = status.At("state").At("terminated");
        Restarts = status.At("restartCount").Integer(0) + 1;
        if (status.At("resources").Exists())
            Allocated = Actual = status.At("resources");
        PreviousExit = new ContainerExit(
            state.At("exitCode").Integer(255), state.At("reason").Text("Unknown"), state.At("message").Text(""),
            state.At("startedAt").Time() ?? status.At("state", "running", "startedAt").Time() ?? startTime,
            state.At("finishedAt").Time() ?? now, status.At("containerID").Text("").Split("//")[^1]);
    }

    /// <summary>Replaces the instance by a new one, which gets the allocated resources.</summary>
    public void Replace(ContainerRun run)
    {
        if (Run is { Exit: { } exit } previous)
        {
            Previous?.Log.Remove();
            (Previous, PreviousExit) = (previous, exit);
            Restarts++;
        }
        IsBeingKilled = false;
        ClearWaiting();
        Actual = Allocated;
        Run = run;
    }

    /// <summary>Allocates the resources that the spec requests.</summary>
    public void Allocate() => Allocated = Spec.At("resources");

    /// <summary>Gives the running instance the allocated resources.</summary>
    public void ActuateResize() => Actual = Allocated;

    /// <summary>Returns whether the running instance must be restarted to get the allocated resources (<c>resizePolicy</c>).</summary>
    public bool NeedsRestartToResize()
    {
        foreach (var policy in Spec.At("resizePolicy").Items())
            if (policy.At("restartPolicy").Text() == "RestartContainer" && policy.At("resourceName").Text() is { } name
                && Array.Exists(Resizable, list => !Actual.At(list, name).IsSameAs(Allocated.At(list, name))))
                return true;
        return false;
    }

    /// <summary>Sets why the container waits.</summary>
    public void Wait(string reason, string? message) => (WaitingReason, WaitingMessage) = (reason, message);

    /// <summary>Removes the reason to wait.</summary>
    public void ClearWaiting() => (WaitingReason, WaitingMessage) = (null, null);

    /// <summary>Sets whether the postStart hook is running.</summary>
    public void SetHookPending(bool isPending) => IsHookPending = isPending;

    /// <summary>Sets whether the instance is being killed to be restarted.</summary>
    public void SetBeingKilled(bool isBeingKilled) => IsBeingKilled = isBeingKilled;

    /// <summary>Starts to probe the newest instance.</summary>
    public void StartProbes(IReadOnlyList<ProbeWorker> probes)
    {
        _probes = probes;
        foreach (var probe in probes)
            probe.Start();
    }

    /// <summary>Stops probing.</summary>
    public void StopProbes()
    {
        foreach (var probe in _probes)
            probe.Dispose();
        _probes = [];
    }

    /// <summary>Stops probing one instance; the next one may have started by now.</summary>
    public void StopProbes(ContainerRun run)
    {
        foreach (var probe in _probes)
            if (probe.Run == run)
                probe.Dispose();
    }

    private bool Passes(ProbeKind kind)
    {
        foreach (var probe in _probes)
            if (probe.Kind == kind)
                return probe.Passes ?? false;
        return true;
    }
}
