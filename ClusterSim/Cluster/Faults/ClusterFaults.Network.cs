using ClusterSim.Client;
using ClusterSim.Faults.Wire;
using ClusterSim.Network.Policies;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Faults;

public sealed partial class ClusterFaults
{
    private readonly WireFaults _wire;
    private readonly List<(PodSet Pods, TimeSpan By)> _skews = [];

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

    private IEnumerable<PolicyPod> Known() => _cluster.Admin.List(_cluster.Server.Catalog.Require("pods"), null).Select(pod => PolicyPod.Read(pod));

    private Undo OnWire(WireFault fault)
    {
        _wire.Add(fault);
        return new Undo(() => _wire.Remove(fault));
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
