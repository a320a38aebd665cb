using ClusterSim.Client;
using ClusterSim.Faults.Schedules;
using ClusterSim.Faults.Wire;
using ClusterSim.Network.Policies;
using ClusterSim.Network.Streams;
using ClusterSim.Network;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Faults;

/// <summary>
/// What goes wrong in a cluster on purpose. Nothing is told to the API that a real cluster would not learn by itself: a node that stops is
/// noticed by its silence, a killed container by its end.
/// </summary>
public sealed class ClusterFaults
{
    private readonly FaultTargets _targets;
    private readonly WireFaults _wire;
    private readonly Lock _lock = new();
    private readonly List<(PodSet Pods, TimeSpan By)> _skews = [];
    private readonly List<(TimeSpan By, Func<string, string, string, bool> Which)> _delays = [];

    internal ClusterFaults(FaultTargets targets)
    {
        _targets = targets;
        _wire = new WireFaults(targets.Clock) { Struck = (hop, how) => Told?.Invoke($"{hop.From} → {hop.To}: {how}") };
        _targets.Wire.Faults = _wire;
        _targets.Nodes.ClockSkew = SkewOf;
    }

    /// <summary>
    /// Kills every process of a pod without warning: its streams are severed first, so nothing it does afterwards has an effect. Its restart
    /// policy says what follows.
    /// </summary>
    /// <returns>False where no running node has the pod.</returns>
    /// <exception cref="KubernetesApiException">There is no such pod.</exception>
    public bool KillPod(string @namespace, string pod) => _targets.Kubelets.Kill(_targets.Pod(@namespace, pod));

    /// <summary>
    /// Says that a container has exceeded its memory, which the simulator cannot measure: the kernel kills it, and its status tells <c>OOMKilled</c>,
    /// exit code 137. Its restart policy says what follows.
    /// </summary>
    /// <param name="namespace">The pod's namespace.</param>
    /// <param name="pod">The pod's name.</param>
    /// <param name="container">Which of its containers; null: the only one.</param>
    /// <returns>False where that container does not run.</returns>
    /// <exception cref="KubernetesApiException">There is no such pod.</exception>
    /// <exception cref="ArgumentException">The pod has no such container, or has several and none is named.</exception>
    public bool ExceedMemory(string @namespace, string pod, string? container = null)
    {
        var found = _targets.Pod(@namespace, pod);
        List<string> names = [.. found.Spec.VisitContainers(ContainerType.WorkloadContainers).Select(one => one.At("name").Text(""))];
        if (container is null ? names.Count > 1 : !names.Contains(container))
            throw new ArgumentException(
                $"{(container is null ? "say which container" : $"no container '{container}'")} of pod {@namespace}/{pod}; it has {string.Join(", ", names)}", nameof(container));
        return _targets.Kubelets.KillForMemory(found, container ?? names[0]);
    }

    /// <summary>
    /// Cuts a node's power: its pods are dead, its heartbeats stop, its object stays. After the grace of the node lifecycle controller (40 s) it is
    /// <c>Ready: Unknown</c> and tainted; pods that do not tolerate that longer are evicted after 300 s.
    /// </summary>
    /// <exception cref="ArgumentException">No node of that name runs; the message names those that do.</exception>
    public void StopNode(string name) => _targets.Kubelets.PowerOff(name);

    /// <summary>Starts a node that was stopped: it registers again and restarts the pods still bound to it.</summary>
    /// <exception cref="ArgumentException">No such node is known, or it runs.</exception>
    public void StartNode(string name) => _targets.Kubelets.PowerOn(name);

    /// <summary>
    /// Makes an image absent from nodes and registry: containers that start from now on get <c>ErrImagePull</c>; those that run go on.
    /// </summary>
    /// <returns>Dispose it to have the image back.</returns>
    /// <exception cref="ArgumentException">The reference cannot be read.</exception>
    public IDisposable MakeImageAbsent(string reference)
    {
        _targets.Images.Hide(reference);
        return new Undo(() => _targets.Images.Show(reference));
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
            _targets.Nodes.StartDelay = DelayOf;
        }
        return new Undo(() =>
        {
            lock (_lock)
                _delays.Remove(delay);
        });
    }

    /// <summary>Told when a fault of the network strikes: between which pods, and how. Called wherever that happens: be quick, and throw nothing.</summary>
    public Action<string>? Told { get; set; }

    /// <summary>
    /// Nothing gets from the one set of pods to the other any more. Connections stay open: what was said on them arrives when the partition is
    /// over, as TCP would send it again; new ones wait. Probes come from nodes, not pods, and are not concerned.
    /// </summary>
    /// <param name="from">From where.</param>
    /// <param name="to">Where to.</param>
    /// <param name="bothWays">Whether nothing gets back either.</param>
    /// <returns>Dispose it to heal the network.</returns>
    public IDisposable Partition(PodSet from, PodSet to, bool bothWays = true)
    {
        (from, to) = (Resolve(from), Resolve(to));
        var there = OnWire(new Partition(from, to));
        return bothWays ? new Several(there, OnWire(new Partition(to, from))) : there;
    }

    /// <summary>Whatever is said from the one set of pods to the other arrives later.</summary>
    /// <param name="from">From where.</param>
    /// <param name="to">Where to.</param>
    /// <param name="by">By how much, for each piece.</param>
    /// <param name="jitter">And up to that much more.</param>
    /// <param name="seed">The seed of that jitter.</param>
    /// <returns>Dispose it to end the delay.</returns>
    public IDisposable Delay(PodSet from, PodSet to, TimeSpan by, TimeSpan jitter = default, int seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        return OnWire(new Delay(Resolve(from), Resolve(to), by, jitter, seed));
    }

    /// <summary>Whatever is said from the one set of pods to the other arrives slowly.</summary>
    /// <returns>Dispose it to end that.</returns>
    public IDisposable Trickle(PodSet from, PodSet to, int bytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bytesPerSecond, 1);
        return OnWire(new Trickle(Resolve(from), Resolve(to), bytesPerSecond));
    }

    /// <summary>Requests are carried out, but their answers are lost: the connection is reset instead. (On a connection to a database: statements.)</summary>
    /// <param name="callers">Who asks.</param>
    /// <param name="servers">Who answers.</param>
    /// <param name="dose">Which answers; null: all.</param>
    /// <returns>Dispose it to end that.</returns>
    public IDisposable DropAnswers(PodSet callers, PodSet servers, Dose? dose = null) => ResetAnswers(callers, servers, 0, dose);

    /// <summary>Answers break off after their first bytes: the connection is reset in the middle.</summary>
    /// <inheritdoc cref="DropAnswers"/>
    /// <param name="callers">Who asks.</param>
    /// <param name="servers">Who answers.</param>
    /// <param name="afterBytes">How many bytes come through, head included.</param>
    /// <param name="dose">Which answers; null: all.</param>
    public IDisposable ResetAnswers(PodSet callers, PodSet servers, int afterBytes, Dose? dose = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(afterBytes);
        return OnWire(new Reset(Resolve(callers), Resolve(servers), afterBytes, dose ?? Dose.Always));
    }

    /// <summary>Requests of HTTP/1.1 are answered in the server's place.</summary>
    /// <param name="callers">Who asks.</param>
    /// <param name="servers">Who would answer.</param>
    /// <param name="answer">What is answered, and to which requests.</param>
    /// <param name="dose">How often; null: always.</param>
    /// <returns>Dispose it to end that.</returns>
    public IDisposable AnswerInstead(PodSet callers, PodSet servers, HttpAnswer answer, Dose? dose = null) =>
        OnWire(new Answer(Resolve(callers), Resolve(servers), answer, dose ?? Dose.Always));

    /// <summary>The processes of these pods see another time of day. Their timers run as they should.</summary>
    /// <param name="pods">Whose.</param>
    /// <param name="by">By how much; negative: the past.</param>
    /// <returns>Dispose it to set the clocks right.</returns>
    public IDisposable SkewClock(PodSet pods, TimeSpan by)
    {
        var skew = (Resolve(pods), by);
        lock (_lock)
            _skews.Add(skew);
        return new Undo(() =>
        {
            lock (_lock)
                _skews.Remove(skew);
        });
    }

    /// <summary>The pods of a set that there are now, by namespace and name, in order.</summary>
    public IReadOnlyList<(string Namespace, string Name)> PodsOf(PodSet pods)
    {
        var resolved = Resolve(pods);
        return [.. Known().Where(resolved.Holds).Select(pod => (pod.Namespace, pod.Name)).Order()];
    }

    /// <summary>
    /// Lets the faults of a schedule happen, each at its time; returns when the last is over. What is still wrong by then (or by the
    /// cancellation) is healed: networks and clocks at once, nodes and servers are started again.
    /// </summary>
    /// <param name="faults">The faults.</param>
    /// <param name="clock">Time.</param>
    /// <param name="tell">Told what begins and what ends.</param>
    /// <param name="servers">The servers that <see cref="FaultKind.StopServer"/> may stop.</param>
    /// <param name="cancellation">Ends the schedule; no exception comes of that.</param>
    /// <exception cref="ArgumentException">A fault names a server that is not registered.</exception>
    public Task RunAsync(
        IReadOnlyList<ScheduledFault> faults, TimeProvider clock, Action<string> tell, IReadOnlyList<IStoppableServer> servers, CancellationToken cancellation) =>
        new FaultScheduleRunner(this, clock, tell, servers).RunAsync(faults, cancellation);

    /// <summary>Whether a node of that name runs.</summary>
    internal bool IsRunning(string node) => _targets.Kubelets.Names.Contains(node, StringComparer.Ordinal);

    private TimeSpan DelayOf(Document pod, string container)
    {
        lock (_lock)
            return _delays.Where(delay => delay.Which(pod.Namespace ?? "", pod.Name, container)).Aggregate(TimeSpan.Zero, (sum, delay) => sum + delay.By);
    }

    private TimeSpan SkewOf(Document pod)
    {
        lock (_lock)
        {
            if (_skews.Count == 0)
                return TimeSpan.Zero;
            var read = PolicyPod.Read(pod);
            return _skews.Where(skew => skew.Pods.Holds(read)).Aggregate(TimeSpan.Zero, (sum, skew) => sum + skew.By);
        }
    }

    private PodSet Resolve(PodSet pods) => pods.HasPlaces ? pods.Resolve(Known()) : pods;

    private IEnumerable<PolicyPod> Known() => _targets.Pods().Select(pod => PolicyPod.Read(pod));

    private Undo OnWire(WireFault fault)
    {
        _wire.Add(fault);
        return new Undo(() => _wire.Remove(fault));
    }

    private sealed class Undo(Action undo) : IDisposable
    {
        private Action? _undo = undo;

        public void Dispose() => Interlocked.Exchange(ref _undo, null)?.Invoke();
    }

    private sealed class Several(params IDisposable[] all) : IDisposable
    {
        public void Dispose()
        {
            foreach (var one in all)
                one.Dispose();
        }
    }
}
