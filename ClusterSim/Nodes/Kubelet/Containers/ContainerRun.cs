using System.IO.Pipelines;
using System.Text;
using ClusterSim.Network;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Volumes;
using Processes;

namespace ClusterSim.Nodes.Containers;

/// <summary>
/// One instance of a container: its process, its log, its end. The program runs outside its starter's execution context, in its
/// <see cref="PodContext"/>. A kill severs the network first, then cancels the program, and does not wait for it (rule 7).
/// </summary>
#pragma warning disable CA1001 // its cancellation sources have neither timers nor wait handles: there is nothing to dispose of
internal sealed class ContainerRun
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _killed = new();
    // Continuations run where these complete: a hop over the thread pool would be time in which nothing seems to be under way.
    private readonly TaskCompletionSource<ContainerExit> _exit = new();
    private readonly TaskCompletionSource _listening = new();
    private readonly TimeProvider _clock;
    private readonly IContainerNetwork _network;
    private readonly Action _ended;
    private TrackingSynchronizationContext? _dispatcher;
    private int _isOver;

    /// <summary>An instance that does not run yet.</summary>
    /// <param name="id">The container's id, without its scheme.</param>
    /// <param name="image">The image.</param>
    /// <param name="network">Its part in the pod's network; disposed at the end.</param>
    /// <param name="clock">The clock of the node.</param>
    /// <param name="ended">Called when it has ended.</param>
    /// <param name="logs">The memory of all logs.</param>
    public ContainerRun(string id, Image image, IContainerNetwork network, TimeProvider clock, Action ended, LogBudget logs)
    {
        (Id, Image, _network, _clock, _ended) = (id, image, network, clock, ended);
        Log = new ContainerLog(clock, logs);
        StartedAt = clock.GetUtcNow();
    }

    /// <summary>The container's id, without its scheme.</summary>
    public string Id { get; }

    /// <summary>The image.</summary>
    public Image Image { get; }

    /// <summary>The image's full name.</summary>
    public required string ImageName { get; init; }

    /// <summary>The image as the spec named it when the instance was made; another one restarts the container.</summary>
    public required string? ImageRequested { get; init; }

    /// <summary>The uid and gid of the process.</summary>
    public required (long Uid, long Gid) User { get; init; }

    /// <summary>Where its termination message comes from.</summary>
    public required TerminationMessage TerminationMessage { get; init; }

    /// <summary>The clock of the process, where that is not the node's.</summary>
    public TimeProvider? ProcessClock { get; init; }

    /// <summary>The output of the process.</summary>
    public ContainerLog Log { get; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>How it ended; null while it runs.</summary>
    public ContainerExit? Exit => _exit.Task.IsCompletedSuccessfully ? _exit.Task.Result : null;

    /// <summary>Completes when it ended.</summary>
    public Task<ContainerExit> Ended => _exit.Task;

    /// <summary>Completes when the program first accepts connections, or ends.</summary>
    public Task Listening => _listening.Task;

    /// <summary>What the process was started with; exec starts another process in the container from it. Null before <see cref="Start"/>.</summary>
    public ServiceProcess? Process { get; private set; }

    /// <summary>The file system of the process; null before <see cref="Start"/>.</summary>
    public ContainerFileRoot? Files { get; private set; }

    /// <summary>The writing end of standard input, for attach; null where it is not open.</summary>
    public Pipe? Input { get; private set; }

    /// <summary>The terminal of the process; null where it has none.</summary>
    public Terminal? Terminal { get; private set; }

    /// <summary>Starts the program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="config">What it is started with.</param>
    /// <param name="context">The pod it runs in.</param>
    /// <param name="dispatcher">Counts the work that the program has under way; null: the work is not counted.</param>
    public void Start(ProgramMain program, ContainerConfig config, PodContext context, TrackingSynchronizationContext? dispatcher)
    {
        Input = config.HasInput ? new Pipe() : null;
        var input = Input?.Reader.AsStream() ?? Stream.Null;
        var terminal = Terminal = config.HasTerminal ? new Terminal(input, Log.Writer(isError: false)) : null;
        Files = config.Files;
        Files.Cgroup.Memory.OutOfMemory = () => Kill(ContainerExit.OutOfMemory);
        var process = Process = new ServiceProcess
        {
            Arguments = config.Arguments,
            Environment = config.Environment,
            Files = config.Files,
            WorkingDirectory = config.WorkingDirectory,
            Input = terminal?.Input ?? input,
            Output = terminal?.Output ?? Log.Writer(isError: false),
            Error = terminal?.Output ?? Log.Writer(isError: true),
            Clock = ProcessClock ?? _clock,
            Network = new ListeningNetwork(_network, () => _listening.TrySetResult()),
            Stop = _stop.Token,
            Killed = _killed.Token,
        };
        _dispatcher = dispatcher;
        if (terminal is not null)
            _ = terminal.RunAsync(_killed.Token);
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            if (dispatcher is not null)
                dispatcher.Post(_ => _ = RunAsync(program, process, context), null);
            else
                ThreadPool.UnsafeQueueUserWorkItem(_ => _ = RunAsync(program, process, context), null);
        }
    }

    /// <summary>Ends an instance that could not be started.</summary>
    public void FailToStart(string reason, string message) =>
        End(new ContainerExit(ContainerExit.CannotStart, reason, message, StartedAt, _clock.GetUtcNow(), Id));

    /// <summary>SIGTERM.</summary>
    public void Terminate()
    {
        if (!_stop.IsCancellationRequested)
            Signal(_stop);
    }

    /// <summary>SIGKILL: none of its streams moves a byte any more when this returns.</summary>
    /// <param name="reason">The reason that the status shows.</param>
    public void Kill(string reason = ContainerExit.Error)
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 1)
            return;
        _network.Sever();
        End(Exited(ContainerExit.Killed, reason, Process?.Output, Process?.Error));
        Signal(_killed);
        Signal(_stop);
    }

    private void Signal(CancellationTokenSource signal)
    {
        if (_dispatcher is not null)
            _dispatcher.Post(static source => ((CancellationTokenSource)source!).Cancel(), signal);
        else
            _ = signal.CancelAsync();
    }

    private async Task RunAsync(ProgramMain program, ServiceProcess process, PodContext context)
    {
        context.Enter();
        var pids = Files?.Cgroup.Pids;
        var isCounted = pids?.TryFork() == true; // the main process is never refused
        int exitCode;
        try
        {
            exitCode = await program(process) & 0xff;
        }
        catch (OomKilledException)
        {
            exitCode = ContainerExit.Killed; // the kill has ended the instance already
        }
        catch (OperationCanceledException) when (process.Stop.IsCancellationRequested)
        {
            exitCode = ContainerExit.Terminated;
        }
        catch (Exception ex)
        {
            // As the .NET runtime does: the stack trace on standard error, then abort.
            await process.Error.WriteAsync(Encoding.UTF8.GetBytes($"Unhandled exception. {ex}\n"), CancellationToken.None);
            exitCode = ContainerExit.Aborted;
        }
        if (isCounted)
            pids!.Exit();
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            _network.Sever();
            End(Exited(exitCode, exitCode == 0 ? ContainerExit.Completed : ContainerExit.Error, process.Output, process.Error));
        }
        await _network.DisposeAsync();
    }

    private ContainerExit Exited(int exitCode, string reason, Stream? output, Stream? error)
    {
        output?.Dispose();
        error?.Dispose();
        return new ContainerExit(exitCode, reason, TerminationMessage.Read(Files, Log, exitCode), StartedAt, _clock.GetUtcNow(), Id);
    }

    private void End(ContainerExit exit)
    {
        Log.Close();
        Files?.Cgroup.Memory.Close();
        _exit.TrySetResult(exit);
        _listening.TrySetResult();
        _ended();
    }
}
