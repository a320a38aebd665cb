using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using ClusterSim.Network;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Storage;
using ClusterSim.Streaming;
using Processes;

namespace ClusterSim.Nodes;

internal sealed partial class PodWorker
{
    private const int Interrupt = 2;

    /// <inheritdoc cref="IKubelet.WriteLogAsync"/>
    public Task WriteLogAsync(string name, LogOptions options, Stream output, CancellationToken cancellation)
    {
        var container = Container(name);
        var run = options.Previous ? container.Previous ?? (container.WaitingReason is not null && container.Run?.Exit is not null ? container.Run : null) : container.Run;
        if (run is not null)
            return run.Log.CopyToAsync(options, output, cancellation);
        if (options.Previous)
            throw KubernetesApiException.BadRequest($"previous terminated container \"{name}\" in pod \"{_pod.Name}\" not found");
        var reason = container.WaitingReason ?? (_isInitialized || !_containers.Exists(one => one.Kind == ContainerKind.Init) ? "ContainerCreating" : "PodInitializing");
        var state = reason is "ErrImagePull" or "ImagePullBackOff"
            ? reason == "ErrImagePull" ? "image can't be pulled" : "trying and failing to pull image"
            : reason;
        throw KubernetesApiException.BadRequest($"container \"{name}\" in pod \"{_pod.Name}\" is waiting to start: {state}");
    }

    /// <inheritdoc cref="IKubelet.ExecAsync"/>
    public async Task<int> ExecAsync(string name, IReadOnlyList<string> command, ContainerStreams streams, CancellationToken cancellation)
    {
        var container = Container(name);
        if (_isOver)
            throw KubernetesApiException.BadRequest($"cannot exec into a container in a completed pod; current phase is {_pod.Status.At("phase").Text("")}");
        if (!container.IsRunning || container.Run is not { } run)
            throw KubernetesApiException.InternalError($"container not found (\"{name}\")");
        var (input, output, error) = (streams.Input ?? Stream.Null, streams.Output ?? Stream.Null, streams.Error ?? Stream.Null);
        if (!streams.IsTerminal)
            return await ExecAsync(container, run, command, input, output, error, null, cancellation);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var terminal = new Terminal(input, output);
        // The process first: an early Ctrl-C is for it. Nobody types where no input is asked for, but the terminal is there, and has no end.
        var running = ExecAsync(container, run, command, terminal.Input, terminal.Output, terminal.Output, terminal, cancellation);
        var typing = streams.Input is null ? Task.CompletedTask : terminal.RunAsync(end.Token);
        _ = streams.Sizes is { } sizes ? terminal.FollowAsync(sizes, end.Token) : Task.CompletedTask;
        try
        {
            return await running;
        }
        finally
        {
            await end.CancelAsync();
            await typing;
        }
    }

    /// <inheritdoc cref="IKubelet.AttachAsync"/>
    public async Task<int> AttachAsync(string name, ContainerStreams streams, CancellationToken cancellation)
    {
        var container = Container(name);
        if (!container.IsRunning || container.Run is not { } run)
            throw KubernetesApiException.InternalError($"container not found (\"{name}\")");
        var written = Channel.CreateUnbounded<(bool IsError, ReadOnlyMemory<byte> Bytes)>();
        run.Log.Written += Written;
        try
        {
            using var detached = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            _ = streams.Sizes is { } sizes && container.Terminal is { } terminal ? terminal.FollowAsync(sizes, detached.Token) : Task.CompletedTask;
            var typing = streams.Input is { } input && container.Input is { } pipe ? CopyInputAsync(input, pipe, container.Spec.At("stdinOnce").Flag(false), detached.Token) : Task.CompletedTask;
            var ending = run.Ended.ContinueWith(_ => written.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await foreach (var (isError, bytes) in written.Reader.ReadAllAsync(cancellation))
                if ((isError && !streams.IsTerminal ? streams.Error : streams.Output) is { } to)
                {
                    await to.WriteAsync(bytes, cancellation);
                    await to.FlushAsync(cancellation);
                }
            await ending;
            await detached.CancelAsync();
            await typing;
            return (await run.Ended).ExitCode;
        }
        finally
        {
            run.Log.Written -= Written;
        }

        void Written(bool isError, ReadOnlyMemory<byte> bytes) => written.Writer.TryWrite((isError, bytes));
    }

    /// <inheritdoc cref="IKubelet.DialAsync"/>
    public ValueTask<Stream> DialAsync(int port, CancellationToken cancellation) =>
        _network is { } network
            ? _node.Shared.Networks.DialFromNodeAsync(_node.Name, network.Address, port, cancellation)
            : throw new SocketException((int)SocketError.NetworkUnreachable);

    private PodContainer Container(string name) => _containers.Find(container => container.Name == name)
        ?? throw KubernetesApiException.BadRequest($"container {name} is not valid for pod {_pod.Name}");

    private static Stream InputOf(PodContainer container)
    {
        if (!container.Spec.At("stdin").Flag(false))
            return Stream.Null;
        container.Input = new Pipe();
        return container.Input.Reader.AsStream();
    }

    private static async Task CopyInputAsync(Stream input, Pipe pipe, bool once, CancellationToken cancellation)
    {
        try
        {
            await input.CopyToAsync(pipe.Writer, cancellation);
            if (once)
                await pipe.Writer.CompleteAsync();
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException)
        {
            // Whoever typed went away.
        }
    }

    private async Task<(int ExitCode, string Output)> ExecForResultAsync(PodContainer container, ContainerRun run, IReadOnlyList<string> command, CancellationToken cancellation)
    {
        await using var output = new CollectedOutput();
        var exitCode = await ExecAsync(container, run, command, Stream.Null, output, output, null, cancellation);
        return (exitCode, output.Text);
    }

    /// <summary>Another process in a running container: same network, files and end.</summary>
    private async Task<int> ExecAsync(
        PodContainer container, ContainerRun run, IReadOnlyList<string> command, Stream input, Stream output, Stream error, Terminal? terminal, CancellationToken cancellation)
    {
        if (run.Process is not { } main || command.Count == 0 || !run.Image.TryFindProgram(command[0], out var program))
            throw KubernetesApiException.InternalError(
                $"error executing command in container: failed to exec in container: failed to start exec \"{NewContainerId()}\": OCI runtime exec failed: exec failed: unable to start container process: {ProgramMissing(command.Count == 0 ? "" : command[0])}");
        using var end = new CancellationTokenSource();
        await using var withClient = cancellation.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), end);
        var process = main with { Arguments = [.. command.Skip(1)], Input = input, Output = output, Error = error, Stop = end.Token, Killed = end.Token };
        if (terminal is not null)
        {
            process = process with { Environment = new Dictionary<string, string>(main.Environment, StringComparer.Ordinal) { ["TERM"] = "xterm" } };
            terminal.Interrupted = () => Signal(Interrupt);
        }
        var signalled = 0;
        var listed = container.Files?.Processes.Start(string.Join(' ', command), container.Identity.Uid, Signal);
        var context = new PodContext(_pod.Namespace ?? "", _pod.Name, _uid, container.Name, _node.Name);
        var exit = new TaskCompletionSource<int>();
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            if (run.Image.KeepsToItsClock)
                _node.Tracked.Post(_ => _ = RunAsync(), null);
            else
                ThreadPool.UnsafeQueueUserWorkItem(_ => _ = RunAsync(), null);
        }
        try
        {
            var first = await Task.WhenAny(exit.Task, run.Ended).WaitAsync(cancellation);
            if (first == exit.Task)
                return await exit.Task;
            if (run.Image.KeepsToItsClock)
                end.Cancel(); // in sight of a manual clock
            else
                await end.CancelAsync();
            return ContainerExit.Killed;
        }
        finally
        {
            if (listed is not null)
                container.Files?.Processes.End(listed);
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
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                exit.TrySetResult(signalled > 0 ? 128 + signalled : ContainerExit.Killed);
            }
            catch (Exception unhandled)
            {
                // As in ContainerRun: what an unhandled exception does to a process.
                await error.WriteAsync(Encoding.UTF8.GetBytes($"Unhandled exception. {unhandled}\n"), CancellationToken.None);
                exit.TrySetResult(ContainerExit.Aborted);
            }
        }
    }
}
