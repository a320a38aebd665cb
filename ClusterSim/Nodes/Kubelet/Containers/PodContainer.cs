using System.IO.Pipelines;
using System.Text.Json;
using ClusterSim.Nodes.Probes;
using ClusterSim.Nodes.Volumes;

namespace ClusterSim.Nodes.Containers;

/// <summary>What a container of a pod is for.</summary>
internal enum ContainerKind
{
    /// <summary>Runs to completion before those after it start.</summary>
    Init,

    /// <summary>A restartable init container: starts before the others and ends after them.</summary>
    Sidecar,

    /// <summary>What the pod is made for.</summary>
    Regular,

    /// <summary>Added to a running pod to look into it; never restarted.</summary>
    Ephemeral,
}

/// <summary>One container of a pod on its node: its instances, one after the other, and what is known of the current one. Changed only by its pod's worker.</summary>
internal sealed class PodContainer(ContainerKind kind, JsonElement spec)
{
    /// <summary>What it is for.</summary>
    public ContainerKind Kind { get; } = kind;

    /// <summary>Its name.</summary>
    public string Name { get; } = spec.At("name").Text("");

    /// <summary>The container in the pod's spec.</summary>
    public JsonElement Spec { get; set; } = spec;

    /// <summary>The resources its node has given it: what its spec asked for when there was room for it.</summary>
    public JsonElement Allocated { get; set; } = spec.At("resources");

    /// <summary>The resources its newest instance runs with; behind <see cref="Allocated"/> while a resize waits for a restart.</summary>
    public JsonElement Actual { get; set; } = spec.At("resources");

    /// <summary>The newest instance; null before the first.</summary>
    public ContainerRun? Run { get; set; }

    /// <summary>The instance before; null where there was none.</summary>
    public ContainerRun? Previous { get; set; }

    /// <summary>How the instance before ended.</summary>
    public ContainerExit? PreviousExit { get; set; }

    /// <summary>How often it was started again.</summary>
    public int Restarts { get; set; }

    /// <summary>Why it waits, instead of how it ended; null: it runs, has ended, or waits for nothing in particular.</summary>
    public string? WaitingReason { get; set; }

    /// <summary>What is said of the wait.</summary>
    public string? WaitingMessage { get; set; }

    /// <summary>Restarts' back-off; null before the first crash.</summary>
    public CrashLoopBackOff? BackOff { get; set; }

    /// <summary>The end for which the back-off was last told.</summary>
    public ContainerExit? BackOffTold { get; set; }

    /// <summary>Image pulls' back-off, and when and why the last one failed.</summary>
    public (CrashLoopBackOff BackOff, DateTimeOffset Failed, string Message)? Pull { get; set; }

    /// <summary>The postStart hook is under way: for the pod it does not run yet.</summary>
    public bool IsHookPending { get; set; }

    /// <summary>A probe or hook asked for its end, or its image changed: it is restarted after.</summary>
    public bool IsBeingKilled { get; set; }

    /// <summary>Its probers.</summary>
    public IReadOnlyList<ProbeWorker> Probes { get; set; } = [];

    /// <summary>Standard input's writing end for whoever attaches; null where the spec wants none.</summary>
    public Pipe? Input { get; set; }

    /// <summary>The terminal of the newest instance; null where the spec wants none.</summary>
    public Terminal? Terminal { get; set; }

    /// <summary>The file system of the newest instance.</summary>
    public ContainerFileRoot? Files { get; set; }

    /// <summary>The uid and gid of the newest instance.</summary>
    public (long Uid, long Gid) Identity { get; set; }

    /// <summary>The image the newest instance was made of, in full; null before the first.</summary>
    public string? ImageName { get; set; }

    /// <summary>The spec's image of the newest instance: a change restarts it.</summary>
    public string? ImageAsked { get; set; }

    /// <summary>Whether an instance is running and for the pod counts as running.</summary>
    public bool IsRunning => Run is { Exit: null } && !IsHookPending;

    /// <summary>Whether it runs and its startup probe, if any, has passed.</summary>
    public bool IsStarted => IsRunning && Passes(ProbeKind.Startup, otherwise: false);

    /// <summary>Whether it has started and its readiness probe, if any, passes; an init container: whether it has completed.</summary>
    public bool IsReady => Kind == ContainerKind.Init ? Run?.Exit?.ExitCode == 0 : IsStarted && Passes(ProbeKind.Readiness, otherwise: false);

    /// <summary>Stops probing.</summary>
    public void StopProbes()
    {
        foreach (var probe in Probes)
            probe.Dispose();
        Probes = [];
    }

    /// <summary>Stops probing one instance.</summary>
    public void StopProbes(ContainerRun run)
    {
        foreach (var probe in Probes)
            if (probe.Run == run)
                probe.Dispose();
    }

    /// <summary>Waits for something, and says what.</summary>
    public void Wait(string reason, string? message) => (WaitingReason, WaitingMessage) = (reason, message);

    private bool Passes(ProbeKind kind, bool otherwise)
    {
        foreach (var probe in Probes)
            if (probe.Kind == kind)
                return probe.Passes ?? otherwise;
        return true;
    }
}
