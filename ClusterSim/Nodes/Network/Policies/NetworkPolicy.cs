using System.Globalization;
using System.Net;
using System.Text.Json;

namespace ClusterSim.Network.Policies;

/// <summary>A <c>NetworkPolicy</c> of networking.k8s.io/v1.</summary>
public sealed class NetworkPolicy
{
    internal NetworkPolicy(string @namespace, string name, LabelSelector pods, IReadOnlyList<PolicyRule>? ingress, IReadOnlyList<PolicyRule>? egress) =>
        (Namespace, Name, Pods, Ingress, Egress) = (@namespace, name, pods, ingress, egress);

    /// <summary>The namespace that the policy is in.</summary>
    public string Namespace { get; }

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>Whether a rule of the policy has an <c>ipBlock</c>.</summary>
    public bool HasIPBlock => (Ingress ?? []).Concat(Egress ?? []).Any(rule => rule.Peers.Any(peer => peer.Block is not null));

    /// <summary>The pods it selects.</summary>
    internal LabelSelector Pods { get; }

    /// <summary>The rules for ingress; null where the policy does not restrict it.</summary>
    internal IReadOnlyList<PolicyRule>? Ingress { get; }

    /// <summary>The rules for egress; null where the policy does not restrict it.</summary>
    internal IReadOnlyList<PolicyRule>? Egress { get; }

    /// <summary>Reads a policy from its object. Without <c>policyTypes</c> it restricts ingress, and egress only where it has egress rules.</summary>
    /// <exception cref="FormatException">A field has a value that the API rejects: see <c>ManifestValidator</c>.</exception>
    public static NetworkPolicy Read(JsonElement policy)
    {
        var spec = policy.At("spec");
        var types = spec.At("policyTypes").Items().Select(type => type.Text("")).ToList();
        var ingress = types.Count == 0 || types.Contains("Ingress");
        var egress = types.Count == 0 ? spec.At("egress").Count() > 0 : types.Contains("Egress");
        return new NetworkPolicy(
            policy.At("metadata", "namespace").Text("default"),
            policy.At("metadata", "name").Text(""),
            spec.At("podSelector").Exists() ? LabelSelector.FromObject(spec.At("podSelector")) : LabelSelector.Everything,
            ingress ? [.. spec.At("ingress").Items().Select(rule => PolicyRule.Read(rule, "from"))] : null,
            egress ? [.. spec.At("egress").Items().Select(rule => PolicyRule.Read(rule, "to"))] : null);
    }

    /// <summary>Returns whether the policy selects a pod.</summary>
    public bool Selects(PolicyPod pod) => pod.Namespace == Namespace && Pods.Matches(pod.Labels);

    /// <summary>Returns the rules for one direction; null where the policy does not restrict it.</summary>
    internal IReadOnlyList<PolicyRule>? Rules(PolicyType direction) => direction == PolicyType.Ingress ? Ingress : Egress;

    /// <summary>The namespace and the name.</summary>
    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>One rule: any of the peers, on any of the ports. None of either means all.</summary>
internal sealed record PolicyRule(IReadOnlyList<PolicyPeer> Peers, IReadOnlyList<PolicyPort> Ports)
{
    internal static PolicyRule Read(JsonElement rule, string peers) => new(
        [.. rule.At(peers).Items().Select(PolicyPeer.Read)], [.. rule.At("ports").Items().Select(PolicyPort.Read)]);
}

/// <summary>Who is meant: an address block, or pods. Both selectors of one peer must hold; without one of namespaces, the policy's own is meant.</summary>
internal sealed record PolicyPeer(LabelSelector? Pods, LabelSelector? Namespaces, AddressBlock? Block)
{
    internal static PolicyPeer Read(JsonElement peer) => new(
        peer.At("podSelector") is { ValueKind: JsonValueKind.Object } pods ? LabelSelector.FromObject(pods) : null,
        peer.At("namespaceSelector") is { ValueKind: JsonValueKind.Object } namespaces ? LabelSelector.FromObject(namespaces) : null,
        peer.At("ipBlock") is { ValueKind: JsonValueKind.Object } block ? AddressBlock.Read(block) : null);
}

/// <summary><c>ipBlock</c>: a range without some ranges inside it.</summary>
internal sealed record AddressBlock(AddressRange Range, IReadOnlyList<AddressRange> Except)
{
    /// <summary>Blocks of the same text mean the same.</summary>
    public string Text { get; } = $"{Range.Text} except {string.Join(',', Except.Select(except => except.Text))}";

    /// <summary>Whether the address is meant.</summary>
    public bool Contains(IPAddress address) => Range.Contains(address) && !Except.Any(except => except.Contains(address));

    internal static AddressBlock Read(JsonElement block) => new(
        AddressRange.Parse(block.At("cidr").Text("")), [.. block.At("except").Items().Select(except => AddressRange.Parse(except.Text("")))]);
}

/// <summary>
/// Ports of one protocol: all of them, a range, or whatever the destination calls by a name.
/// </summary>
/// <param name="Protocol">The protocol.</param>
/// <param name="First">The first port; null for all, or where a name is given.</param>
/// <param name="Last">The last port; the first again where it is a single one.</param>
/// <param name="Name">The name of a container's port; null where numbers are given.</param>
internal sealed record PolicyPort(TransportProtocol Protocol, int? First, int? Last, string? Name)
{
    internal static PolicyPort Read(JsonElement port)
    {
        var protocol = ReadProtocol(port.At("protocol"));
        var which = port.At("port");
        if (which.Text() is { } name)
        {
            // kubectl and Helm write numbers in quotes now and then; validation lets only names through, so a number here is a number.
            return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var quoted)
                ? new(protocol, quoted, port.At("endPort").Integer(quoted), null)
                : new(protocol, null, null, name);
        }
        return which.Integer() is { } first ? new(protocol, (int)first, port.At("endPort").Integer((int)first), null) : new(protocol, null, null, null);
    }

    internal static TransportProtocol ReadProtocol(JsonElement protocol) => protocol.Text("TCP") switch
    {
        "UDP" => TransportProtocol.Udp,
        "SCTP" => TransportProtocol.Sctp,
        _ => TransportProtocol.Tcp,
    };
}
