using System.Text;
using ClusterSim.Network;
using ClusterSim.Nodes.Images;
using Processes;

namespace ClusterSim.Nodes.Containers;

/// <summary>
/// One instance of a container: its process, its log, its end. The program runs outside its starter's execution context, in its
/// <see cref="PodContext"/>. A kill severs its network first, then tells the program to let go, and does not wait for it (rule 7).
/// </summary>
#pragma warning disable CA1001 // its cancellation sources have neither timers nor wait handles: there is nothing to dispose of
internal sealed class ContainerRun
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _killed = new();
    // Continuations run where these complete: a hop over the thread pool would be time in which nothing seems to be under way.
    private readonly TaskCompletionSource<ContainerExit> _ended = new();
    private readonly TaskCompletionSource _listening = new();
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeProvider _clock;
    private readonly IContainerNetwork _network;
    private readonly Func<int, string> _terminationMessage;
    private readonly Action _onEnd;
    private Tracked? _tracked;
    private int _over;

    /// <summary>An instance that does not run yet.</summary>
    /// <param name="id">The container's id, without its scheme.</param>
    /// <param name="image">What it is made of.</param>
    /// <param name="network">Its part in the pod's network; disposed at the end.</param>
    /// <param name="clock">Time.</param>
    /// <param name="terminationMessage">What to say of an end with an exit code.</param>
    /// <param name="onEnd">Called when it has ended.</param>
    public ContainerRun(string id, Image image, IContainerNetwork network, TimeProvider clock, Func<ContainerRun, int, string> terminationMessage, Action onEnd)
    {
        _onEnd = onEnd;
        Id = id;
        Image = image;
        _network = network;
        _clock = clock;
        _terminationMessage = exitCode => terminationMessage(this, exitCode);
        Log = new ContainerLog(clock);
        StartedAt = clock.GetUtcNow();
    }

    /// <summary>The container's id, without its scheme.</summary>
    public string Id { get; }

    /// <summary>What it is made of.</summary>
    public Image Image { get; }

    /// <summary>What it wrote.</summary>
    public ContainerLog Log { get; }

    /// <summary>When it started.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>How it ended; null while it runs.</summary>
    public ContainerExit? Exit => _ended.Task.IsCompletedSuccessfully ? _ended.Task.Result : null;

    /// <summary>Completes when it ended.</summary>
    public Task<ContainerExit> Ended => _ended.Task;

    /// <summary>Completes when the program first accepts connections, or ends.</summary>
    public Task Listening => _listening.Task;

    /// <summary>Completes when the program's function has returned, which a killed one may do long after its end.</summary>
    public Task LetGo => _letGo.Task;

    /// <summary>The clock of its process, where that is not the node's.</summary>
    public TimeProvider? ProcessClock { get; init; }

    /// <summary>What its process was given; what exec gives to another process in the container. Null before <see cref="Start"/>.</summary>
    public ServiceProcess? Process { get; private set; }

    /// <summary>Starts the program.</summary>
    /// <param name="program">What to run.</param>
    /// <param name="process">What it gets; network, streams, clock and signals are filled in here.</param>
    /// <param name="context">Where it runs.</param>
    /// <param name="tracked">Counts what the program has under way; null: not to be counted.</param>
    /// <param name="input">Standard input.</param>
    /// <param name="terminal">What stands between it and whoever types and reads; null where it has no terminal.</param>
    public void Start(ProgramMain program, ServiceProcess process, PodContext context, Tracked? tracked, Stream input, Terminal? terminal)
    {
        process = process with
        {
            Input = terminal?.Input ?? input,
            Output = terminal?.Output ?? Log.Writer(isError: false),
            Error = terminal?.Output ?? Log.Writer(isError: true),
            Clock = ProcessClock ?? _clock,
            Network = new ListeningNetwork(_network, () => _listening.TrySetResult()),
            Stop = _stop.Token,
            Killed = _killed.Token,
        };
        Process = process;
        _tracked = tracked;
        if (terminal is not null)
            _ = terminal.RunAsync(_killed.Token);
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            if (tracked is not null)
                tracked.Post(_ => _ = RunAsync(program, process, context), null);
            else
                ThreadPool.UnsafeQueueUserWorkItem(_ => _ = RunAsync(program, process, context), null);
        }
    }

    /// <summary>Ends an instance that never got to run.</summary>
    public void FailToStart(string reason, string message)
    {
        End(new ContainerExit(ContainerExit.CannotStart, reason, message, StartedAt, _clock.GetUtcNow(), Id));
        _letGo.TrySetResult();
    }

    /// <summary>SIGTERM.</summary>
    public void Terminate()
    {
        if (!_stop.IsCancellationRequested)
            Signal(_stop);
    }

    /// <summary>SIGKILL: no stream of it moves a byte any more when this returns.</summary>
    /// <param name="reason">What the runtime says of the end.</param>
    public void Kill(string reason = ContainerExit.Error)
    {
        if (Interlocked.Exchange(ref _over, 1) == 1)
            return;
        _network.Sever();
        End(Exited(ContainerExit.Killed, reason, Process?.Output, Process?.Error));
        Signal(_killed);
        Signal(_stop);
    }

    private void Signal(CancellationTokenSource signal)
    {
        if (_tracked is not null)
            _tracked.Post(static source => ((CancellationTokenSource)source!).Cancel(), signal);
        else
            _ = signal.CancelAsync();
    }

    private async Task RunAsync(ProgramMain program, ServiceProcess process, PodContext context)
    {
        context.Enter();
        int exitCode;
        try
        {
            exitCode = await program(process) & 0xff;
        }
        catch (OperationCanceledException) when (process.Stop.IsCancellationRequested)
        {
            exitCode = ContainerExit.Terminated;
        }
        catch (Exception unhandled)
        {
            // What the .NET runtime does: the stack on standard error, then abort.
            await process.Error.WriteAsync(Encoding.UTF8.GetBytes($"Unhandled exception. {unhandled}\n"), CancellationToken.None);
            exitCode = ContainerExit.Aborted;
        }
        if (Interlocked.Exchange(ref _over, 1) == 0)
        {
            _network.Sever();
            End(Exited(exitCode, exitCode == 0 ? ContainerExit.Completed : ContainerExit.Error, process.Output, process.Error));
        }
        await _network.DisposeAsync();
        _letGo.TrySetResult();
    }

    private ContainerExit Exited(int exitCode, string reason, Stream? output, Stream? error)
    {
        output?.Dispose();
        error?.Dispose();
        return new ContainerExit(exitCode, reason, _terminationMessage(exitCode), StartedAt, _clock.GetUtcNow(), Id);
    }

    private void End(ContainerExit exit)
    {
        Log.Close();
        _ended.TrySetResult(exit);
        _listening.TrySetResult();
        _onEnd();
    }
}
