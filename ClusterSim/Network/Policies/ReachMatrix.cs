namespace ClusterSim.Network.Policies;

/// <summary>
/// Who of some pods reaches whom of them, on which of the other's ports. Rulings are computed once a pair of kinds, so that a thousand pods
/// by a thousand pods take well under a second; reasons are put into words only for the pairs somebody looks at.
/// </summary>
internal sealed class ReachMatrix
{
    private readonly NetworkPolicyEvaluator _evaluator;
    private readonly PartyKind[] _kindsOfPods;
    private readonly int[] _kindIndex;
    private readonly int _kinds;
    private readonly Dictionary<(int Port, TransportProtocol Protocol), bool[]> _allowed = [];

    /// <summary>Computes the matrix.</summary>
    /// <param name="evaluator">The policies.</param>
    /// <param name="pods">The pods, in the order of rows and columns.</param>
    /// <param name="ports">The ports of each pod that are asked about; by default those its containers declare.</param>
    public ReachMatrix(NetworkPolicyEvaluator evaluator, IReadOnlyList<PolicyPod> pods, Func<PolicyPod, IReadOnlyList<NamedPort>>? ports = null)
    {
        _evaluator = evaluator;
        Pods = pods;
        Ports = [.. pods.Select(pod => (ports ?? (each => each.DeclaredPorts))(pod))];
        _kindsOfPods = [.. pods.Select(pod => evaluator.KindOf(PolicyParty.Of(pod)))];
        var kinds = _kindsOfPods.Distinct().ToArray();
        _kinds = kinds.Length;
        var index = kinds.Select((kind, at) => (kind, at)).ToDictionary(pair => pair.kind, pair => pair.at);
        _kindIndex = [.. _kindsOfPods.Select(kind => index[kind])];
        foreach (var asked in Ports.SelectMany((list, at) => list.Select(port => (port.Port, port.Protocol, To: _kindIndex[at]))).Distinct())
        {
            if (!_allowed.TryGetValue((asked.Port, asked.Protocol), out var table))
                _allowed[(asked.Port, asked.Protocol)] = table = new bool[_kinds * _kinds];
            for (var from = 0; from < _kinds; from++)
                table[(from * _kinds) + asked.To] = evaluator.Rule(kinds[from], kinds[asked.To], asked.Port, asked.Protocol).Allows;
        }
    }

    /// <summary>The pods, in order.</summary>
    public IReadOnlyList<PolicyPod> Pods { get; }

    /// <summary>The ports asked about, of each pod in order.</summary>
    public IReadOnlyList<IReadOnlyList<NamedPort>> Ports { get; }

    /// <summary>Whether <paramref name="from"/> reaches <paramref name="to"/> on one of its ports.</summary>
    public bool Allows(int from, int to, NamedPort port) =>
        from == to || _allowed[(port.Port, port.Protocol)][(_kindIndex[from] * _kinds) + _kindIndex[to]];

    /// <summary>The verdict, with its reason.</summary>
    public PolicyVerdict Verdict(int from, int to, NamedPort port) =>
        _evaluator.Evaluate(PolicyParty.Of(Pods[from]), PolicyParty.Of(Pods[to]), port.Port, port.Protocol);
}
