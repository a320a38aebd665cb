using System.IO.Pipelines;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;
using ClusterSim.Nodes.Runtime;
using ClusterSim.Streaming;

namespace ClusterSim.Nodes;

/// <summary>Serves the subresources of one pod that stream: log, exec, attach, and connections to its ports.</summary>
internal sealed class PodStreams(AssignedPod pod, PodSandbox sandbox, CommandRunner commands, ContainerLifecycle lifecycle, PodTermination termination)
{
    /// <inheritdoc cref="IKubelet.WriteLogAsync"/>
    public Task WriteLogAsync(string name, LogOptions options, Stream output, CancellationToken cancellation)
    {
        var container = Require(name);
        var run = options.Previous ? container.Previous ?? (container.WaitingReason is not null && container.Run?.Exit is not null ? container.Run : null) : container.Run;
        if (run is not null)
            return run.Log.CopyToAsync(options, output, cancellation);
        if (options.Previous)
            throw KubernetesApiException.BadRequest($"previous terminated container \"{name}\" in pod \"{pod.Document.Name}\" not found");
        var reason = container.WaitingReason
            ?? (lifecycle.IsInitialized || !pod.Containers.Any(one => one.Kind == ContainerKind.Init) ? "ContainerCreating" : "PodInitializing");
        var state = reason switch
        {
            "ErrImagePull" => "image can't be pulled",
            "ImagePullBackOff" => "trying and failing to pull image",
            _ => reason,
        };
        throw KubernetesApiException.BadRequest($"container \"{name}\" in pod \"{pod.Document.Name}\" is waiting to start: {state}");
    }

    /// <inheritdoc cref="IKubelet.ExecAsync"/>
    public async Task<int> ExecAsync(string name, IReadOnlyList<string> command, ContainerStreams streams, CancellationToken cancellation)
    {
        var container = Require(name);
        if (termination.IsTerminated)
            throw KubernetesApiException.BadRequest($"cannot exec into a container in a completed pod; current phase is {pod.Document.Status.At("phase").Text("")}");
        var run = RequireRunning(container);
        var (input, output, error) = (streams.Input ?? Stream.Null, streams.Output ?? Stream.Null, streams.Error ?? Stream.Null);
        if (!streams.IsTerminal)
            return await commands.ExecAsync(container, run, command, (input, output, error), null, cancellation);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var terminal = new Terminal(input, output);
        // The process starts first: an early Ctrl-C is for it. Without input nothing is typed, but the terminal is there, and never ends.
        var running = commands.ExecAsync(container, run, command, (terminal.Input, terminal.Output, terminal.Output), terminal, cancellation);
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
        var container = Require(name);
        var run = RequireRunning(container);
        var client = run.Log.Attached.Add();
        try
        {
            using var detached = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            _ = streams.Sizes is { } sizes && run.Terminal is { } terminal ? terminal.FollowAsync(sizes, detached.Token) : Task.CompletedTask;
            var typing = streams.Input is { } input && run.Input is { } pipe ? CopyInputAsync(input, pipe, container.Spec.At("stdinOnce").Flag(false), detached.Token) : Task.CompletedTask;
            var ending = run.Ended.ContinueWith(_ => client.Output.Writer.TryComplete(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await foreach (var (isError, bytes) in client.Output.Reader.ReadAllAsync(cancellation))
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
            run.Log.Attached.Remove(client);
        }
    }

    /// <inheritdoc cref="IKubelet.DialAsync"/>
    public ValueTask<Stream> DialAsync(int port, CancellationToken cancellation) => sandbox.DialAsync(port, cancellation);

    private PodContainer Require(string name) => pod.Find(name) ?? throw KubernetesApiException.BadRequest($"container {name} is not valid for pod {pod.Document.Name}");

    private static ContainerRun RequireRunning(PodContainer container) =>
        container.IsRunning && container.Run is { } run ? run : throw KubernetesApiException.InternalError($"container not found (\"{container.Name}\")");

    private static async Task CopyInputAsync(Stream input, Pipe pipe, bool once, CancellationToken cancellation)
    {
        try
        {
            await input.CopyToAsync(pipe.Writer, cancellation);
            if (once)
                await pipe.Writer.CompleteAsync();
        }
        catch (Exception ex) when (ex is OperationCanceledException or IOException)
        {
            // The client is gone.
        }
    }
}
