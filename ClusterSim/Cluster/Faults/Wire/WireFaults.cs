using ClusterSim.Network;
using ClusterSim.Network.Policies;
using ClusterSim.Network.Streams;

namespace ClusterSim.Faults.Wire;

/// <summary>
/// The faults of the wire, of this moment. Every connection between two pods passes a <see cref="FaultyStream"/>, so that what comes later
/// strikes connections that are open already.
/// </summary>
internal sealed class WireFaults(TimeProvider clock) : IWireFaults
{
    private readonly Lock _lock = new();
    private WireFault[] _all = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Told when a fault strikes: between whom, and how.</summary>
    public Action<WireHop, string>? Struck { get; set; }

    /// <summary>Time.</summary>
    public TimeProvider Clock => clock;

    /// <summary>The faults; another array whenever they change.</summary>
    public WireFault[] All => Volatile.Read(ref _all);

    /// <summary>Completes at the next change. Ask before looking at <see cref="All"/>.</summary>
    public Task Changed => Volatile.Read(ref _changed).Task;

    /// <summary>Adds a fault.</summary>
    public void Add(WireFault fault) => Change(all => [.. all, fault]);

    /// <summary>Takes it away.</summary>
    public void Remove(WireFault fault) => Change(all => [.. all.Where(present => present != fault)]);

    /// <inheritdoc/>
    public async ValueTask ConnectingAsync(WireHop hop, CancellationToken cancellation)
    {
        while (true)
        {
            var changed = Changed;
            var all = All;
            if (all.Length == 0)
                return;
            // A handshake needs both directions.
            if (Array.Exists(all, fault => fault is Partition && fault.Travels(hop) != Ways.None))
            {
                await changed.WaitAsync(cancellation);
                continue;
            }
            foreach (var delay in all.OfType<Delay>().Where(delay => delay.Travels(hop) != Ways.None))
                await Task.Delay(delay.Next(), clock, cancellation);
            return;
        }
    }

    /// <inheritdoc/>
    public Stream Shape(WireHop hop, Stream stream) =>
        hop.From.Pod is not null && hop.To.Pod is not null && stream is WireStream wire ? new FaultyStream(this, wire) : stream;

    private void Change(Func<WireFault[], WireFault[]> change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _all = change(_all);
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        changed.SetResult();
    }
}
