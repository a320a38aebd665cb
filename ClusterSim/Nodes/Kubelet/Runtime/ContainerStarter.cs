using System.Text.Json;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Pods;
using ClusterSim.Nodes.Status;
using ClusterSim.Nodes.Volumes;

namespace ClusterSim.Nodes.Runtime;

/// <summary>Starts containers, as the kubelet's <c>startContainer</c> does.</summary>
internal sealed class ContainerStarter(
    NodeContext node, AssignedPod pod, PodSandbox sandbox, PodWorkQueue queue, PodEventRecorder events, ContainerKiller killer, CommandRunner commands, PodProbes probes)
{
    private readonly ImagePuller _images = new(node, events);
    private readonly PidNamespaces _pidNamespaces = new(pod);
    private readonly StartDelays _delays = new(node, pod, queue);

    /// <summary>
    /// Starts a container:
    /// 1. get the image;
    /// 2. make the configuration: environment, user, command, files with the sub-paths of mounts;
    /// 3. create the instance;
    /// 4. start its process;
    /// 5. run the postStart hook, without waiting for its end;
    /// 6. start the probes, which wait for the hook.
    /// A failure is recorded, shown in the container's status, and tried again.
    /// </summary>
    public void Start(PodContainer container)
    {
        if (_delays.IsDelayed(container))
            return;
        try
        {
            var (image, reference) = _images.EnsureImageExists(container);
            var (environment, subPaths) = MakeEnvironment(container, image);
            var command = MakeCommand(container, image, environment);
            var files = MakeFiles(container, image, subPaths);
            var run = Create(container, image, reference);
            StartProcess(container, run, command, environment, files);
            if (container.IsHookPending)
                node.Dispatcher.Post(_ => _ = RunPostStartAsync(container, run), null);
            probes.Start(container, run);
        }
        catch (ContainerStartException ex)
        {
            events.RecordWarning(container, "Failed", $"Error: {ex.Error}");
            var isNew = container.WaitingReason != ex.Reason;
            container.Wait(ex.Reason, ex.Message);
            if (isNew)
                queue.EnqueueAfterRelist();
            else
                queue.EnqueueAfterBackOff();
        }
    }

    private (IReadOnlyDictionary<string, string> Environment, IReadOnlyList<string> SubPaths) MakeEnvironment(PodContainer container, Image image)
    {
        try
        {
            var environment = new ContainerEnvironment(node.Client, pod.Document, sandbox.Fields).Make(container.Spec, image.Configuration);
            if (RunAsNonRoot.Refusal(pod.Document, container.Spec, image.Configuration) is { } refusal)
                throw new ContainerConfigException(refusal);
            return (environment, SubPaths.Of(container.Spec, environment));
        }
        catch (ContainerConfigException ex)
        {
            throw new ContainerStartException("CreateContainerConfigError", ex.Message);
        }
    }

    private static List<string> MakeCommand(PodContainer container, Image image, IReadOnlyDictionary<string, string> environment)
    {
        var command = Expand(container.Spec.At("command"));
        var arguments = Expand(container.Spec.At("args"));
        List<string> argv = command.Count > 0
            ? [.. command, .. arguments]
            : [.. image.Configuration.Entrypoint, .. arguments.Count > 0 ? arguments : image.Configuration.Command];
        return argv.Count > 0 ? argv : throw new ContainerStartException("CreateContainerError", "failed to generate container spec: no command specified");

        List<string> Expand(JsonElement words) => [.. words.Items().Select(word => VariableExpansion.Expand(word.Text(""), environment))];
    }

    private ContainerRun Create(PodContainer container, Image image, ImageReference reference)
    {
        events.RecordNormal(container, "Created", "Container created");
        var run = new ContainerRun(ContainerId.New(node.Shared.Random), image, sandbox.Join(container.Name), node.Clock, queue.Enqueue, node.Logs)
        {
            ImageName = reference.ToString(),
            ImageRequested = container.Spec.At("image").Text(),
            User = RunAsNonRoot.Identity(pod.Document, container.Spec, image.Configuration),
            TerminationMessage = TerminationMessage.Of(container.Spec),
            ProcessClock = node.Shared.Faults.ClockOf(pod.Document, node.Clock),
        };
        if (container.Spec.At("resources", "limits", "ephemeral-storage").Exists())
            run.Log.Grown = sandbox.Storage.OfContainer(container.Spec).Count;
        container.Replace(run);
        return run;
    }

    private void StartProcess(PodContainer container, ContainerRun run, List<string> argv, IReadOnlyDictionary<string, string> environment, ContainerFileRoot files)
    {
        var configuration = run.Image.Configuration;
        var program = run.Image.MainOf(container.Spec, MustEnd(container));
        if (program is null && !ProgramLookup.TryFind(run.Image, argv[0], out program, out var error))
        {
            var message = "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
                + $"unable to start container process: error during container init: {error}";
            run.FailToStart(RestartBackOff.StartError, message);
            throw new ContainerStartException("RunContainerError", message);
        }
        container.SetHookPending(container.Spec.At("lifecycle", "postStart").Exists());
        var programWords = run.Image.EntrypointIsOneProgram && argv.Take(configuration.Entrypoint.Count).SequenceEqual(configuration.Entrypoint) ? configuration.Entrypoint.Count : 1;
        var workingDirectory = container.Spec.At("workingDir").Text() ?? configuration.WorkingDirectory;
        PidNamespaces.Add(run, files.Processes, string.Join(' ', argv));
        run.Start(
            program,
            new ContainerConfig
            {
                Arguments = [.. argv.Skip(programWords)],
                Environment = environment,
                Files = files,
                WorkingDirectory = workingDirectory.Length == 0 ? "/" : workingDirectory,
                HasInput = container.Spec.At("stdin").Flag(false),
                HasTerminal = container.Spec.At("tty").Flag(false),
            },
            pod.ContextOf(container, node.Name),
            run.Image.KeepsToItsClock ? node.Dispatcher : null);
        events.RecordNormal(container, "Started", "Container started");
    }

    private ContainerFileRoot MakeFiles(PodContainer container, Image image, IReadOnlyList<string> subPaths)
    {
        var user = RunAsNonRoot.Identity(pod.Document, container.Spec, image.Configuration);
        try
        {
            return new ContainerFileRoot(
                sandbox.Volumes, container.Spec, subPaths,
                image.ContentFolder is { } folder ? (image.Configuration.WorkingDirectory, folder) : null, sandbox.EtcFiles, user)
            {
                Groups = [.. ContainerStatuses.GroupsOf(pod.Document, user.Gid)],
                Processes = _pidNamespaces.Of(container),
                Cgroup = new ContainerCgroup(new MemoryCgroup(node.Kubepods, ResourceLimits.MemoryOf(container.Allocated, node.Shared.Limits)), sandbox.Pids),
            };
        }
        catch (ContainerConfigException ex)
        {
            throw new ContainerStartException("CreateContainerConfigError", ex.Message);
        }
    }

    // An init container must end, and so must one of a Job; a container with ports is taken to serve until it is stopped.
    private bool MustEnd(PodContainer container) =>
        container.Kind == ContainerKind.Init || (container.Kind == ContainerKind.Regular && pod.RestartPolicy != "Always" && container.Spec.At("ports").Count() == 0);

    private async Task RunPostStartAsync(PodContainer container, ContainerRun run)
    {
        var failure = await HandlerRunner.RunAsync(commands.TargetOf(container, run), container.Spec.At("lifecycle", "postStart"), node.Clock, CancellationToken.None);
        if (failure is not null && run.Exit is null && !queue.IsStopped)
        {
            events.RecordWarning(container, "FailedPostStartHook", "PostStartHook failed");
            container.SetBeingKilled(true);
            events.RecordNormal(container, "Killing", "FailedPostStartHook");
            await killer.KillAsync(container, run, killer.BeginGracePeriod(pod.TerminationGracePeriodSeconds), runsPreStop: false);
            container.Wait("PostStartHookError", "PostStartHook failed");
        }
        container.SetHookPending(false);
        queue.Enqueue();
    }
}
