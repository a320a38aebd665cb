using System.Text;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;
using ClusterSim.Nodes.Probes;

namespace ClusterSim.Nodes.Runtime;

/// <summary>Runs further processes in the running containers of a pod: for exec, and for probes and hooks (the kubelet's <c>CommandRunner</c>).</summary>
internal sealed class CommandRunner(NodeContext node, AssignedPod pod, PodSandbox sandbox)
{
    private const int Interrupt = 2;

    /// <summary>Returns what the probes and hooks of a container instance act on.</summary>
    public ProbeTarget TargetOf(PodContainer container, ContainerRun run) => new(
        node.Shared.Networks, node.Name, sandbox.Address, container.Spec,
        (command, cancellation) => RunInContainerAsync(container, run, command, cancellation), run.Image.IsStub);

    /// <summary>Runs a command with the network and the files of a running instance; it ends with the instance.</summary>
    /// <param name="container">The container.</param>
    /// <param name="run">The instance.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="streams">The standard streams of the process.</param>
    /// <param name="terminal">The terminal behind these streams; null where there is none.</param>
    /// <param name="cancellation">Kills the process.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="KubernetesApiException">The image lacks the program.</exception>
    public async Task<int> ExecAsync(
        PodContainer container, ContainerRun run, IReadOnlyList<string> command, (Stream Input, Stream Output, Stream Error) streams, Terminal? terminal, CancellationToken cancellation)
    {
        if (run.Process is not { } main || command.Count == 0 || !run.Image.TryFindProgram(command[0], out var program))
            throw KubernetesApiException.InternalError(
                FailureOf(ProgramLookup.Missing(command.Count == 0 ? "" : command[0])));
        var pids = run.Files?.Cgroup.Pids;
        if (pids?.TryFork() == false)
            throw KubernetesApiException.InternalError(FailureOf("fork: resource temporarily unavailable"));
        using var end = new CancellationTokenSource();
        await using var withClient = cancellation.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), end);
        var process = main with
        {
            Arguments = [.. command.Skip(1)],
            Input = streams.Input,
            Output = streams.Output,
            Error = streams.Error,
            Stop = end.Token,
            Killed = end.Token,
        };
        if (terminal is not null)
        {
            process = process with { Environment = new Dictionary<string, string>(main.Environment, StringComparer.Ordinal) { ["TERM"] = "xterm" } };
            terminal.Interrupted = () => Signal(Interrupt);
        }
        var signalled = 0;
        var listed = run.Files?.Processes.Start(string.Join(' ', command), run.User.Uid, Signal);
        var context = pod.ContextOf(container, node.Name);
        var exit = new TaskCompletionSource<int>();
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            if (run.Image.KeepsToItsClock)
                node.Dispatcher.Post(_ => _ = RunAsync(), null);
            else
                ThreadPool.UnsafeQueueUserWorkItem(_ => _ = RunAsync(), null);
        }
        try
        {
            var first = await Task.WhenAny(exit.Task, run.Ended).WaitAsync(cancellation);
            if (first == exit.Task)
                return await exit.Task;
            if (run.Image.KeepsToItsClock)
                end.Cancel(); // CancelAsync goes over the thread pool, where a manual clock does not see it
            else
                await end.CancelAsync();
            return ContainerExit.Killed;
        }
        finally
        {
            if (listed is not null)
                run.Files?.Processes.End(listed);
            pids?.Exit();
        }

        void Signal(int signal)
        {
            signalled = signal;
            _ = end.CancelAsync();
        }

        async Task RunAsync()
        {
            context.Enter();
            try
            {
                exit.TrySetResult(await program(process) & 0xff);
            }
            catch (OomKilledException)
            {
                exit.TrySetResult(ContainerExit.Killed);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                exit.TrySetResult(signalled > 0 ? 128 + signalled : ContainerExit.Killed);
            }
            catch (Exception ex)
            {
                // As in ContainerRun: what an unhandled exception does to a process.
                await streams.Error.WriteAsync(Encoding.UTF8.GetBytes($"Unhandled exception. {ex}\n"), CancellationToken.None);
                exit.TrySetResult(ContainerExit.Aborted);
            }
        }
    }

    private string FailureOf(string reason) =>
        $"error executing command in container: failed to exec in container: failed to start exec \"{ContainerId.New(node.Shared.Random)}\": OCI runtime exec failed: exec failed: unable to start container process: {reason}";

    /// <summary>Runs a command without input and collects its output (<c>RunInContainer</c>).</summary>
    private async Task<(int ExitCode, string Output)> RunInContainerAsync(PodContainer container, ContainerRun run, IReadOnlyList<string> command, CancellationToken cancellation)
    {
        await using var output = new CollectedOutput();
        var exitCode = await ExecAsync(container, run, command, (Stream.Null, output, output), null, cancellation);
        return (exitCode, output.Text);
    }
}
