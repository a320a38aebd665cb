using System.Net;

namespace ClusterSim.Network.Policies;

/// <summary>One end of a connection: a pod, a node, or an address outside the cluster.</summary>
public readonly record struct TrafficPeer
{
    internal TrafficPeer(PolicyPod? pod, IPAddress? address, string? node) => (Pod, Address, Node) = (pod, address, node);

    /// <summary>The pod; null for a node or an address.</summary>
    public PolicyPod? Pod { get; }

    /// <summary>The address; null where it is unknown.</summary>
    public IPAddress? Address { get; }

    /// <summary>The node where the peer is a node itself; null otherwise.</summary>
    public string? Node { get; }

    /// <summary>A pod.</summary>
    public static TrafficPeer Of(PolicyPod pod) => new(pod, pod.Address, null);

    /// <summary>An address outside the cluster.</summary>
    public static TrafficPeer Outside(IPAddress address) => new(null, address, null);

    /// <summary>A node: its kubelet, or another process on it outside pods.</summary>
    public static TrafficPeer OfNode(string node, IPAddress? address) => new(null, address, node);

    /// <summary>The peer as reasons name it.</summary>
    public override string ToString() => Pod?.ToString() ?? (Node is null ? $"address {Address}" : $"node {Node}");
}
