using System.Net;

namespace ClusterSim.Network.Policies;

/// <summary>A policy with its rules over numbered peers.</summary>
internal sealed record CompiledPolicy(int Index, NetworkPolicy Policy, CompiledRule[]? Ingress, CompiledRule[]? Egress);

/// <summary>A rule over numbered peers.</summary>
internal sealed record CompiledRule(int[] Atoms, PolicyPort[] Ports)
{
    /// <summary>Whether the rule has no peers: everybody is meant.</summary>
    public bool MeansEverybody => Atoms.Length == 0;

    /// <summary>Whether the port is one of the rule's. Names are looked up at the destination.</summary>
    public bool Admits(int port, TransportProtocol protocol, PartyKind destination)
    {
        if (Ports.Length == 0)
            return true;
        foreach (var allowed in Ports)
        {
            if (allowed.Protocol != protocol)
                continue;
            if (allowed.Name is { } name)
            {
                foreach (var named in destination.NamedPorts)
                    if (named.Name == name && named.Protocol == protocol && named.Port == port)
                        return true;
            }
            else if (allowed.First is not { } first || (port >= first && port <= allowed.Last))
            {
                return true;
            }
        }
        return false;
    }
}

/// <summary>One thing a rule can mean, and in whose namespace.</summary>
internal sealed record PeerAtom(string Namespace, PolicyPeer Peer)
{
    /// <summary>Whether it means the party; and whether it means the party's namespace at least.</summary>
    public (bool Means, bool Near) Match(PolicyPod? pod, IReadOnlyDictionary<string, string> namespaceLabels, IPAddress? address)
    {
        if (Peer.Block is { } block)
            return (address is not null && block.Contains(address), false);
        if (pod is null || !(Peer.Namespaces?.Matches(namespaceLabels) ?? pod.Namespace == Namespace))
            return (false, false);
        return (Peer.Pods?.Matches(pod.Labels) ?? true, true);
    }
}

/// <summary>All that the policies can know of a party; parties with equal knowledge share one.</summary>
internal sealed class PartyKind(int id, bool[] means, bool[] near, CompiledPolicy[] ingress, CompiledPolicy[] egress, ContainerPort[] namedPorts)
{
    /// <summary>Its number.</summary>
    public int Id => id;

    /// <summary>The policies that isolate it against what comes in.</summary>
    public CompiledPolicy[] Ingress => ingress;

    /// <summary>The policies that isolate it in where it goes.</summary>
    public CompiledPolicy[] Egress => egress;

    /// <summary>Its named ports, of the names that policies use.</summary>
    public ContainerPort[] NamedPorts => namedPorts;

    /// <summary>Whether a peer means it.</summary>
    public bool Means(int atom) => means[atom];

    /// <summary>Whether a peer means its namespace.</summary>
    public bool IsNear(int atom) => near[atom];
}
