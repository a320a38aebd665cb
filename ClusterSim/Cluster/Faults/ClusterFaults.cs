using ClusterSim.Faults.Wire;
using ClusterSim.Network;
using ClusterSim.Network.Streams;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Images;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Faults;

/// <summary>
/// What goes wrong in a cluster on purpose. Nothing is told to the API that a real cluster would not learn by itself: a node that stops is
/// noticed by its silence, a killed container by its end.
/// </summary>
public sealed partial class ClusterFaults
{
    private readonly SimulatedCluster _cluster;
    private readonly NodeFaults _nodes;
    private readonly Lock _lock = new();
    private readonly List<(TimeSpan By, Func<string, string, string, bool> Which)> _delays = [];

    internal ClusterFaults(SimulatedCluster cluster, NodeFaults nodes, TimeProvider clock)
    {
        _cluster = cluster;
        _nodes = nodes;
        _wire = new WireFaults(clock) { Struck = (hop, how) => Told?.Invoke($"{hop.From} → {hop.To}: {how}") };
        _cluster.Wire.Faults = _wire;
        _nodes.ClockSkew = SkewOf;
    }

    /// <summary>
    /// Kills every process of a pod without warning: its streams are severed first, so nothing it does afterwards has an effect. Its restart
    /// policy says what follows.
    /// </summary>
    /// <returns>False where no running node has the pod.</returns>
    /// <exception cref="ArgumentException">There is no such pod.</exception>
    public bool KillPod(string @namespace, string pod) => _cluster.KillPod(@namespace, pod);

    /// <summary>
    /// Says that a container has exceeded its memory, which the simulator cannot measure: the kernel kills it, and its status tells <c>OOMKilled</c>,
    /// exit code 137. Its restart policy says what follows.
    /// </summary>
    /// <param name="namespace">The pod's namespace.</param>
    /// <param name="pod">The pod's name.</param>
    /// <param name="container">Which of its containers; null: the only one.</param>
    /// <returns>False where that container does not run.</returns>
    /// <exception cref="ArgumentException">There is no such pod or container, or which of several is not said.</exception>
    public bool ExceedMemory(string @namespace, string pod, string? container = null)
    {
        var found = _cluster.Pod(@namespace, pod);
        List<string> names = [.. found.Spec.VisitContainers(ContainerType.WorkloadContainers).Select(one => one.At("name").Text(""))];
        if (container is null ? names.Count > 1 : !names.Contains(container))
            throw new ArgumentException(
                $"{(container is null ? "say which container" : $"no container '{container}'")} of pod {@namespace}/{pod}; it has {string.Join(", ", names)}", nameof(container));
        return _cluster.Nodes.KillForMemory(found, container ?? names[0]);
    }

    /// <summary>
    /// Cuts a node's power: its pods are dead, its heartbeats stop, its object stays. After the grace of the node lifecycle controller (40 s) it is
    /// <c>Ready: Unknown</c> and tainted; pods that do not tolerate that longer are evicted after 300 s.
    /// </summary>
    /// <exception cref="ArgumentException">No node of that name runs; the message names those that do.</exception>
    public void StopNode(string name) => _cluster.Nodes.PowerOff(name);

    /// <summary>Starts a node that was stopped: it registers again and restarts the pods still bound to it.</summary>
    /// <exception cref="ArgumentException">No such node is known, or it runs.</exception>
    public void StartNode(string name) => _cluster.Nodes.PowerOn(name);

    /// <summary>
    /// Makes an image absent from nodes and registry: containers that start from now on get <c>ErrImagePull</c>; those that run go on.
    /// </summary>
    /// <returns>Dispose it to have the image back.</returns>
    /// <exception cref="ArgumentException">The reference cannot be read.</exception>
    public IDisposable MakeImageAbsent(string reference)
    {
        _cluster.Images.Hide(reference);
        return new Undo(() => _cluster.Images.Show(reference));
    }

    /// <summary>Holds up the starts of containers that are yet to start; several delays of one container add up.</summary>
    /// <param name="by">For how long, on the cluster's clock.</param>
    /// <param name="which">Which, by namespace, pod and container name; null: all.</param>
    /// <returns>Dispose it to end the delay for starts that have not been asked for yet.</returns>
    public IDisposable DelayStart(TimeSpan by, Func<string, string, string, bool>? which = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        var delay = (by, which ?? (static (_, _, _) => true));
        lock (_lock)
        {
            _delays.Add(delay);
            _nodes.StartDelay = DelayOf;
        }
        return new Undo(() =>
        {
            lock (_lock)
                _delays.Remove(delay);
        });
    }

    private TimeSpan DelayOf(Document pod, string container)
    {
        lock (_lock)
            return _delays.Where(delay => delay.Which(pod.Namespace ?? "", pod.Name, container)).Aggregate(TimeSpan.Zero, (sum, delay) => sum + delay.By);
    }

    private sealed class Undo(Action undo) : IDisposable
    {
        private Action? _undo = undo;

        public void Dispose() => Interlocked.Exchange(ref _undo, null)?.Invoke();
    }
}
