using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace ClusterSim.Network.Policies;

/// <summary>
/// Evaluates NetworkPolicies of networking.k8s.io/v1: whether one peer may connect to another, and why. It holds one set of policies and namespaces,
/// is immutable, and any number of threads may use it.
/// <para>
/// How it is fast: whatever the policies can tell apart is numbered once (each distinct selector and address block). A pod's kind is which
/// of these mean it, which policies isolate it and which named ports it has. Pods of one kind get the same ruling, so rulings are
/// computed once a pair of kinds and port; for pods that policies do not distinguish that is a look-up.
/// </para>
/// </summary>
public sealed class NetworkPolicyEvaluator
{
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>(StringComparer.Ordinal);

    private readonly IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> _namespaceLabels;
    private readonly Dictionary<string, List<CompiledPolicy>> _policies = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _atomsByText = new(StringComparer.Ordinal);
    private readonly List<PeerAtom> _atoms = [];
    private readonly HashSet<string> _portNames = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, PartyKind> _kinds = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<PolicyPod, PartyKind> _kindByPod = [];
    private readonly ConcurrentDictionary<(int From, int To, int Port, TransportProtocol Protocol), Ruling> _rulings = new();
    private int _kindCount;

    /// <summary>Compiles policies.</summary>
    /// <param name="policies">The policies.</param>
    /// <param name="namespaceLabels">The namespaces' labels; <c>kubernetes.io/metadata.name</c> is added where it is missing.</param>
    public NetworkPolicyEvaluator(
        IEnumerable<NetworkPolicy> policies, IEnumerable<KeyValuePair<string, IReadOnlyDictionary<string, string>>> namespaceLabels)
    {
        _namespaceLabels = namespaceLabels.ToDictionary(
            @namespace => @namespace.Key, @namespace => WithName(@namespace.Key, @namespace.Value), StringComparer.Ordinal);
        var index = 0;
        foreach (var policy in policies)
        {
            if (!_policies.TryGetValue(policy.Namespace, out var there))
                _policies[policy.Namespace] = there = [];
            there.Add(new CompiledPolicy(index++, policy, Compile(policy, PolicyType.Ingress), Compile(policy, PolicyType.Egress)));
        }
    }

    /// <summary>Evaluates a connection to a port of the destination itself: the Service, if any, is resolved before.</summary>
    /// <param name="from">The peer that connects.</param>
    /// <param name="to">The peer that listens.</param>
    /// <param name="port">The port of the destination.</param>
    /// <param name="protocol">The protocol.</param>
    public NetworkPolicyVerdict Evaluate(in TrafficPeer from, in TrafficPeer to, int port, TransportProtocol protocol = TransportProtocol.Tcp)
    {
        if (to.Pod is { } target)
        {
            if (from.Pod is { } self && self.Namespace == target.Namespace && self.Name == target.Name)
                return new NetworkPolicyVerdict("a pod always reaches itself");
            if (from.Node is not null && from.Node == target.Node)
                return new NetworkPolicyVerdict("a node always reaches its own pods");
        }
        else if (to.Node is not null && from.Pod is { } guest && guest.Node == to.Node)
        {
            return new NetworkPolicyVerdict("a pod always reaches its own node");
        }
        return new NetworkPolicyVerdict(Rule(KindOf(from), KindOf(to), port, protocol), from, to, port, protocol);
    }

    /// <summary>
    /// Returns the number of the peer's class. Peers of one class are alike to these policies: verdicts on them differ in nothing but names.
    /// </summary>
    public int ClassOf(in TrafficPeer peer) => KindOf(peer).Id;

    /// <summary>The ruling for all parties of two kinds.</summary>
    internal Ruling Rule(PartyKind from, PartyKind to, int port, TransportProtocol protocol)
    {
        var key = (from.Id, to.Id, port, protocol);
        if (_rulings.TryGetValue(key, out var known))
            return known;
        return _rulings[key] = new Ruling(
            Rule(from.Egress, PolicyType.Egress, to, to, port, protocol), Rule(to.Ingress, PolicyType.Ingress, from, to, port, protocol));
    }

    /// <summary>A party's kind.</summary>
    internal PartyKind KindOf(in TrafficPeer party)
    {
        if (party.Pod is { } pod)
            return _kindByPod.GetValue(pod, known => Intern(TrafficPeer.Of(known)));
        return Intern(party);
    }

    private static DirectionRuling Rule(
        CompiledPolicy[] isolating, PolicyType direction, PartyKind other, PartyKind destination, int port, TransportProtocol protocol)
    {
        if (isolating.Length == 0)
            return DirectionRuling.Open;
        var selecting = Array.ConvertAll(isolating, policy => policy.Policy);
        var closest = Shortfall.Namespace;
        foreach (var policy in isolating)
        {
            var rules = direction == PolicyType.Ingress ? policy.Ingress! : policy.Egress!;
            for (var index = 0; index < rules.Length; index++)
            {
                var rule = rules[index];
                if (rule.MeansEverybody || Array.Exists(rule.Atoms, other.Means))
                {
                    if (rule.Admits(port, protocol, destination))
                        return new DirectionRuling(selecting, policy.Policy, index, default);
                    closest = Shortfall.Port;
                }
                else if (closest == Shortfall.Namespace && Array.Exists(rule.Atoms, other.IsNear))
                {
                    closest = Shortfall.Pod;
                }
            }
        }
        return new DirectionRuling(selecting, null, 0, closest);
    }

    private static IReadOnlyDictionary<string, string> WithName(string @namespace, IReadOnlyDictionary<string, string> labels) =>
        labels.ContainsKey("kubernetes.io/metadata.name")
            ? labels
            : new Dictionary<string, string>(labels, StringComparer.Ordinal) { ["kubernetes.io/metadata.name"] = @namespace };

    private CompiledRule[]? Compile(NetworkPolicy policy, PolicyType direction) => policy.Rules(direction)?.Select(rule =>
    {
        foreach (var port in rule.Ports)
            if (port.Name is { } name)
                _portNames.Add(name);
        return new CompiledRule([.. rule.Peers.Select(peer => AtomOf(policy.Namespace, peer))], [.. rule.Ports]);
    }).ToArray();

    private int AtomOf(string @namespace, PolicyPeer peer)
    {
        var text = peer.Block is { } block ? block.Text : $"{(peer.Namespaces is null ? $"={@namespace}" : $"[{TextOf(peer.Namespaces)}]")} {(peer.Pods is null ? "" : TextOf(peer.Pods))}";
        if (!_atomsByText.TryGetValue(text, out var index))
        {
            _atomsByText[text] = index = _atoms.Count;
            _atoms.Add(new PeerAtom(@namespace, peer));
        }
        return index;

        // A selector of everything has no text, and neither has one of nothing.
        static string TextOf(LabelSelector selector) => selector.Requirements.Count == 0 && !selector.IsEmpty ? "(nothing)" : selector.ToString();
    }

    private PartyKind Intern(TrafficPeer party)
    {
        // A pod in its node's network is an address like any other, to policies.
        var pod = party.Pod is { IsHostNetwork: false } ? party.Pod : null;
        var namespaceLabels = pod is null ? NoLabels : _namespaceLabels.GetValueOrDefault(pod.Namespace) ?? WithName(pod.Namespace, NoLabels);
        var means = new bool[_atoms.Count];
        var near = new bool[_atoms.Count];
        var signature = new StringBuilder();
        for (var index = 0; index < means.Length; index++)
        {
            (means[index], near[index]) = _atoms[index].Match(pod, namespaceLabels, party.Address);
            signature.Append(means[index] ? '2' : near[index] ? '1' : '0');
        }
        var selecting = pod is not null && _policies.TryGetValue(pod.Namespace, out var there) ? there.FindAll(policy => policy.Policy.Pods.Matches(pod.Labels)) : [];
        foreach (var policy in selecting)
            signature.Append('|').Append(policy.Index.ToString(CultureInfo.InvariantCulture));
        var ports = pod?.NamedPorts.Where(port => _portNames.Contains(port.Name)).ToArray() ?? [];
        foreach (var port in ports)
            signature.Append('/').Append(port.Name).Append(':').Append(port.Protocol).Append(port.Port.ToString(CultureInfo.InvariantCulture));
        return _kinds.GetOrAdd(signature.ToString(), _ => new PartyKind(
            Interlocked.Increment(ref _kindCount), means, near,
            [.. selecting.Where(policy => policy.Ingress is not null)], [.. selecting.Where(policy => policy.Egress is not null)], ports));
    }
}
