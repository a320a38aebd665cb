using System.Text.Json;
using ClusterSim.Network;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Probes;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Storage;
using Processes;

namespace ClusterSim.Nodes;

internal sealed partial class PodWorker
{
    private const string StartError = "StartError";
    private const int StopSignal = 15;

    private static readonly (ProbeKind Kind, string Field)[] ProbeFields =
        [(ProbeKind.Startup, "startupProbe"), (ProbeKind.Liveness, "livenessProbe"), (ProbeKind.Readiness, "readinessProbe")];

    private readonly Dictionary<string, DateTimeOffset> _delayed = new(StringComparer.Ordinal);

    /// <summary>Starts a container: its image, its configuration, its process, its postStart hook and probes. What fails is told, and tried again.</summary>
    private void Start(PodContainer container)
    {
        if (IsDelayed(container))
            return;
        if (FindImage(container) is not var (image, reference))
            return;
        IReadOnlyDictionary<string, string> environment;
        IReadOnlyList<string> subPaths;
        try
        {
            environment = new ContainerEnvironment(_node.Client, _pod, _fields!).Make(container.Spec, image.Configuration);
            if (RunAsNonRoot.Refusal(_pod, container.Spec, image.Configuration) is { } refusal)
                throw new ContainerConfigException(refusal);
            subPaths = SubPaths.Of(container.Spec, environment);
        }
        catch (ContainerConfigException wrong)
        {
            Warning(container, "Failed", $"Error: {wrong.Message}");
            Fail(container, "CreateContainerConfigError", wrong.Message);
            return;
        }
        var argv = Command(container, image, environment);
        if (argv.Count == 0)
        {
            Warning(container, "Failed", "Error: failed to generate container spec: no command specified");
            Fail(container, "CreateContainerError", "failed to generate container spec: no command specified");
            return;
        }
        Normal(container, "Created", "Container created");
        var run = Create(container, image, reference);
        var program = image.MainOf(container.Spec, MustEnd(container));
        if (program is null && Find(image, argv[0], out program) is { } complaint)
        {
            var message = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
                + $"unable to start container process: error during container init: {complaint}";
            run.FailToStart(StartError, message);
            Warning(container, "Failed", $"Error: {message}");
            Fail(container, "RunContainerError", message);
            return;
        }
        var hasHook = container.Spec.At("lifecycle", "postStart").Exists();
        container.IsHookPending = hasHook;
        var words = image.EntrypointIsOneProgram && argv.Take(image.Configuration.Entrypoint.Count).SequenceEqual(image.Configuration.Entrypoint) ? image.Configuration.Entrypoint.Count : 1;
        var directory = container.Spec.At("workingDir").Text() ?? image.Configuration.WorkingDirectory;
        var files = container.Files = new ContainerFileRoot(
            _volumes, container.Spec, subPaths,
            image.ContentFolder is { } folder ? (image.Configuration.WorkingDirectory, folder) : null, EtcFiles())
        {
            User = container.Identity,
            Groups = [.. PodStatus.Groups(_pod, container.Identity.Gid)],
            Processes = ProcessesSeenBy(container),
        };
        files.Prepare();
        List(run, files.Processes, string.Join(' ', argv), container.Identity.Uid);
        var input = InputOf(container);
        container.Terminal = container.Spec.At("tty").Flag(false) ? new Terminal(input, run.Log.Writer(isError: false)) : null;
        run.Start(
            program!,
            new ServiceProcess
            {
                Arguments = [.. argv.Skip(words)],
                Environment = environment,
                Files = files,
                WorkingDirectory = directory.Length == 0 ? "/" : directory,
                Output = Stream.Null,
                Error = Stream.Null,
                Network = MachineProcess.MachineNetwork.Instance, // replaced by the run with the container's own
            },
            new PodContext(_pod.Namespace ?? "", _pod.Name, _uid, container.Name, _node.Name),
            image.KeepsToItsClock ? _node.Tracked : null,
            input,
            container.Terminal);
        Normal(container, "Started", "Container started");
        if (hasHook)
            _node.Tracked.Post(_ => _ = PostStartAsync(container, run), null);
        container.Probes = [.. ProbesOf(container, run)];
        foreach (var probe in container.Probes)
            probe.Start();
    }

    // An init container, and what a Job or the like started to come to an end; what listens for others is taken to go on.
    private bool MustEnd(PodContainer container) =>
        container.Kind == ContainerKind.Init || (container.Kind == ContainerKind.Regular && RestartPolicy != "Always" && container.Spec.At("ports").Count() == 0);

    /// <summary>The program, or what the runtime says of its absence, or of what cannot be loaded.</summary>
    private static string? Find(Image image, string name, out ProgramMain? program)
    {
        program = null;
        try
        {
            return image.TryFindProgram(name, out program) ? null : ProgramMissing(name);
        }
        catch (Exception unloadable) when (unloadable is InvalidOperationException or IOException or BadImageFormatException or TypeLoadException or ArgumentException)
        {
            return $"exec: \"{name}\": {unloadable.Message}";
        }
    }

    private ContainerRun Create(PodContainer container, Image image, ImageReference reference)
    {
        if (container.Run is { Exit: { } exit } previous)
        {
            (container.Previous, container.PreviousExit) = (previous, exit);
            container.Restarts++;
        }
        (container.WaitingReason, container.WaitingMessage, container.IsBeingKilled, container.Pull) = (null, null, false, null);
        container.Actual = container.Allocated;
        container.ImageName = reference.ToString();
        container.ImageAsked = container.Spec.At("image").Text();
        container.Identity = RunAsNonRoot.Identity(_pod, container.Spec, image.Configuration);
        return container.Run = new ContainerRun(
            NewContainerId(), image, _network!.Join(container.Name), _node.Clock, (run, exitCode) => TerminationMessage(container, run, exitCode), Kick)
        {
            ProcessClock = _node.Shared.Faults.ClockOf(_pod, _node.Clock),
        };
    }

    /// <summary>A fault may hold a start up; each start is asked about once.</summary>
    private bool IsDelayed(PodContainer container)
    {
        if (_node.Shared.Faults.StartDelay is not { } delays)
            return false;
        var now = _node.Clock.GetUtcNow();
        var key = $"{container.Name}/{container.Restarts}/{container.Run is null}";
        if (!_delayed.TryGetValue(key, out var until))
            _delayed[key] = until = now + delays(_pod, container.Name);
        if (until > now)
            WakeAt(until);
        return until > now;
    }

    private void Fail(PodContainer container, string reason, string message)
    {
        var isNew = container.WaitingReason != reason;
        container.Wait(reason, message);
        // The next relist looks once more; after that it is the kubelet's retry period.
        WakeIn(isNew ? RelistPeriod : Retry());
    }

    private static List<string> Command(PodContainer container, Image image, IReadOnlyDictionary<string, string> environment)
    {
        var command = Words(container.Spec.At("command"));
        var arguments = Words(container.Spec.At("args"));
        if (command.Count > 0)
            return [.. command, .. arguments];
        return [.. image.Configuration.Entrypoint, .. arguments.Count > 0 ? arguments : image.Configuration.Command];

        List<string> Words(JsonElement words) => [.. words.Items().Select(word => VariableExpansion.Expand(word.Text(""), environment))];
    }

    /// <summary>The runtime's words for a program that an image lacks.</summary>
    internal static string ProgramMissing(string name) => name.Contains('/', StringComparison.Ordinal)
        ? $"exec: \"{name}\": stat {name}: no such file or directory"
        : $"exec: \"{name}\": executable file not found in $PATH";

    private IEnumerable<ProbeWorker> ProbesOf(PodContainer container, ContainerRun run)
    {
        var target = TargetOf(container, run);
        foreach (var (kind, field) in ProbeFields)
            if (container.Spec.At(field) is { ValueKind: JsonValueKind.Object } probe)
                yield return new ProbeWorker(
                    kind, run, target, probe, _node.Clock, _node.Tracked,
                    () => !container.IsHookPending && (kind == ProbeKind.Startup ? !container.IsStarted : container.IsStarted),
                    (worker, result) => Probed(container, run, worker, result));
    }

    private void Probed(PodContainer container, ContainerRun run, ProbeWorker probe, ProbeResult result)
    {
        if (container.Run != run || _dead)
            return;
        if (result.Outcome == ProbeOutcome.Failure)
            Warning(container, "Unhealthy", $"{probe.Kind} probe failed: {result.Message}");
        else if (result.Outcome == ProbeOutcome.Unknown)
            Warning(container, "Unhealthy", $"{probe.Kind} probe errored and resulted in unknown state: {result.Message}");
        if (probe.Passes is not { } passes)
            return;
        if (passes && probe.Kind == ProbeKind.Startup)
            foreach (var other in container.Probes)
                other.Trigger();
        if (!passes && probe.Kind != ProbeKind.Readiness && !container.IsBeingKilled && !_isTerminating)
        {
            var failed = $"Container {container.Name} failed {(probe.Kind == ProbeKind.Liveness ? "liveness" : "startup")} probe";
            var restarts = container.Kind == ContainerKind.Sidecar || RestartPolicy != "Never";
            Stop(container, restarts ? failed + ", will be restarted" : failed, probe.GraceSeconds);
        }
        Kick();
    }

    private ProbeTarget TargetOf(PodContainer container, ContainerRun run) => new(
        _node.Shared.Networks, _node.Name, Address, container.Spec,
        (command, cancellation) => ExecForResultAsync(container, run, command, cancellation), run.Image.IsStub);

    private async Task PostStartAsync(PodContainer container, ContainerRun run)
    {
        var failure = await LifecycleHook.RunAsync(TargetOf(container, run), container.Spec.At("lifecycle", "postStart"), _node.Clock, CancellationToken.None);
        if (failure is not null && run.Exit is null && !_dead)
        {
            Warning(container, "FailedPostStartHook", "PostStartHook failed");
            container.IsBeingKilled = true;
            Normal(container, "Killing", "FailedPostStartHook");
            await EndAsync(container, run, GraceOf(GracePeriod), runHook: false);
            container.Wait("PostStartHookError", "PostStartHook failed");
        }
        container.IsHookPending = false;
        Kick();
    }

    private static string TerminationMessage(PodContainer container, ContainerRun run, int exitCode)
    {
        var path = container.Spec.At("terminationMessagePath").Text("/dev/termination-log");
        var message = container.Files?.ReadIfThere(path) ?? "";
        if (message.Length == 0 && exitCode != 0 && container.Spec.At("terminationMessagePolicy").Text() == "FallbackToLogsOnError")
            return run.Log.Tail(lines: 80, bytesMax: 2048);
        return message.Length > 4096 ? message[..4096] : message;
    }

    private IReadOnlyList<(string Name, string Content)> EtcFiles() =>
    [
        ("hosts", HostsFile.Of(_pod, _address, _node.Shared.Networks.Domain)),
        ("hostname", PodFields.HostnameOf(_pod) + "\n"),
        ("resolv.conf", new ResolverConfiguration(_pod, _node.Shared.Networks.DnsAddress, _node.Shared.Networks.Domain).ToString()),
    ];

    private string NewContainerId() => (_node.Shared.Random.NextUid() + _node.Shared.Random.NextUid()).Replace("-", "", StringComparison.Ordinal);
}
