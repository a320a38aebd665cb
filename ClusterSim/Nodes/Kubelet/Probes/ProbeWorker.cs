using System.Text.Json;
using ClusterSim.Nodes.Containers;

namespace ClusterSim.Nodes.Probes;

/// <summary>
/// Probes one running container instance with one probe, on the cluster's clock, until it ends: the thresholds decide when the outcome
/// counts. A real kubelet's first probe falls anywhere within the first period after the initial delay; here it falls where it is most
/// useful: when the process begins to listen, or where it does not, at the end of that period.
/// </summary>
internal sealed class ProbeWorker : IDisposable
{
    private readonly ProbeTarget _target;
    private readonly JsonElement _probe;
    private readonly TimeProvider _clock;
    private readonly TrackingSynchronizationContext _dispatcher;
    private readonly Func<bool> _isWanted;
    private readonly Action<ProbeWorker, ProbeResult> _report;
    private readonly CancellationTokenSource _stop = new();
    private int _successes;
    private int _failures;
    private TaskCompletionSource? _now;

    /// <summary>A prober that does nothing before <see cref="Start"/>.</summary>
    /// <param name="kind">Which of the three.</param>
    /// <param name="run">The container instance.</param>
    /// <param name="target">What it is probed through.</param>
    /// <param name="probe">The probe in the spec.</param>
    /// <param name="clock">Time.</param>
    /// <param name="dispatcher">Runs the probes.</param>
    /// <param name="isWanted">Whether to probe now: the others wait for the startup probe, and it stops when it passed.</param>
    /// <param name="report">Called after every probe, once <see cref="Passes"/> is updated.</param>
    public ProbeWorker(
        ProbeKind kind, ContainerRun run, ProbeTarget target, JsonElement probe, TimeProvider clock, TrackingSynchronizationContext dispatcher, Func<bool> isWanted, Action<ProbeWorker, ProbeResult> report)
    {
        Kind = kind;
        (Run, _target, _probe, _clock, _dispatcher, _isWanted, _report) = (run, target, probe, clock, dispatcher, isWanted, report);
    }

    /// <summary>Which of the three it is.</summary>
    public ProbeKind Kind { get; }

    /// <summary>The instance it probes.</summary>
    public ContainerRun Run { get; }

    /// <summary>What the thresholds have decided; null before they have.</summary>
    public bool? Passes { get; private set; }

    /// <summary>The probe's own grace period for a container it fails; null: the pod's.</summary>
    public long? GraceSeconds => _probe.At("terminationGracePeriodSeconds").Integer();

    /// <summary>Starts to probe.</summary>
    public void Start() => _dispatcher.Post(_ => _ = RunAsync(), null);

    /// <summary>Probes now instead of at the end of the period.</summary>
    public void Trigger() => Volatile.Read(ref _now)?.TrySetResult();

    /// <inheritdoc/>
    public void Dispose() => _stop.Cancel();

    private async Task RunAsync()
    {
        var period = TimeSpan.FromSeconds(Math.Max(1, _probe.At("periodSeconds").Integer(10)));
        try
        {
            var initial = TimeSpan.FromSeconds(_probe.At("initialDelaySeconds").Integer(0));
            if (initial > TimeSpan.Zero)
                await Task.Delay(initial, _clock, _stop.Token);
            await WaitAsync(period, Run.Listening);
            while (!_stop.IsCancellationRequested && Run.Exit is null)
            {
                if (_isWanted())
                    Count(await ProbeActions.RunAsync(_target, _probe, _clock, _stop.Token));
                var now = new TaskCompletionSource();
                Volatile.Write(ref _now, now);
                await WaitAsync(period, now.Task);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The container ended or the node stopped.
        }
    }

    /// <summary>Waits until the period is over or something happens before.</summary>
    private async Task WaitAsync(TimeSpan period, Task earlier)
    {
        if (earlier.IsCompleted)
            return;
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        await Task.WhenAny(earlier, Task.Delay(period, _clock, timer.Token));
        timer.Cancel(); // not CancelAsync: it goes over the thread pool, where nobody counts what is under way
        _stop.Token.ThrowIfCancellationRequested();
    }

    private void Count(ProbeResult result)
    {
        if (_stop.IsCancellationRequested || Run.Exit is not null)
            return;
        switch (result.Outcome)
        {
            case ProbeOutcome.Success:
                _failures = 0;
                if (++_successes >= _probe.At("successThreshold").Integer(1))
                    Passes = true;
                break;
            case ProbeOutcome.Failure:
                _successes = 0;
                if (++_failures >= _probe.At("failureThreshold").Integer(3))
                    Passes = false;
                break;
            default:
                break;
        }
        _report(this, result);
    }
}

/// <summary>The three probes a container can have.</summary>
internal enum ProbeKind
{
    /// <summary>Holds the others back until it passed once; kills the container when it fails.</summary>
    Startup,

    /// <summary>Kills the container when it fails.</summary>
    Liveness,

    /// <summary>Decides whether the container gets traffic.</summary>
    Readiness,
}
