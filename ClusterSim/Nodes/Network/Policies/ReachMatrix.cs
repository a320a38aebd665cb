namespace ClusterSim.Network.Policies;

/// <summary>
/// Who of some pods reaches whom of them, on which of the other's ports. Rulings are computed once a pair of kinds, so that a thousand pods
/// by a thousand pods take well under a second; reasons are put into words only for the pairs somebody looks at.
/// </summary>
internal sealed class ReachMatrix
{
    private readonly NetworkPolicyEvaluator _evaluator;
    private readonly int[] _kindOfPod;

    // By destination, its port, and the source's kind.
    private readonly bool[][][] _allowed;

    /// <summary>Computes the matrix.</summary>
    /// <param name="evaluator">The policies.</param>
    /// <param name="pods">The pods, in the order of rows and columns.</param>
    /// <param name="ports">The ports of each pod that are asked about; by default those its containers declare.</param>
    public ReachMatrix(NetworkPolicyEvaluator evaluator, IReadOnlyList<PolicyPod> pods, Func<PolicyPod, IReadOnlyList<ContainerPort>>? ports = null)
    {
        _evaluator = evaluator;
        Pods = pods;
        Ports = [.. pods.Select(pod => (ports ?? (each => each.Ports))(pod))];
        var kindsOfPods = pods.Select(pod => evaluator.KindOf(TrafficPeer.Of(pod))).ToArray();
        var kinds = kindsOfPods.Distinct().ToArray();
        var indexes = kinds.Select((kind, at) => (kind, at)).ToDictionary(pair => pair.kind, pair => pair.at);
        _kindOfPod = [.. kindsOfPods.Select(kind => indexes[kind])];
        var known = new Dictionary<(PartyKind To, int Port, TransportProtocol Protocol), bool[]>();
        _allowed = [.. Ports.Select((asked, to) => asked.Select(port =>
        {
            var key = (kindsOfPods[to], port.Port, port.Protocol);
            if (!known.TryGetValue(key, out var column))
                known[key] = column = Array.ConvertAll(kinds, from => evaluator.Rule(from, kindsOfPods[to], port.Port, port.Protocol).Allows);
            return column;
        }).ToArray())];
    }

    /// <summary>The pods, in order.</summary>
    public IReadOnlyList<PolicyPod> Pods { get; }

    /// <summary>The ports asked about, of each pod in order.</summary>
    public IReadOnlyList<IReadOnlyList<ContainerPort>> Ports { get; }

    /// <summary>Whether <paramref name="from"/> reaches <paramref name="to"/> on one of its ports, by its place in <see cref="Ports"/>.</summary>
    public bool Allows(int from, int to, int port) => from == to || _allowed[to][port][_kindOfPod[from]];

    /// <summary>The verdict, with its reason.</summary>
    public NetworkPolicyVerdict Verdict(int from, int to, int port) => _evaluator.Evaluate(
        TrafficPeer.Of(Pods[from]), TrafficPeer.Of(Pods[to]), Ports[to][port].Port, Ports[to][port].Protocol);
}
