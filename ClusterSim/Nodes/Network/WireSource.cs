using System.Net;
using ClusterSim.Network.Policies;

namespace ClusterSim.Network;

/// <summary>Where a connection comes from.</summary>
/// <param name="Process">The process that dials; null for a node's kubelet and for the outside.</param>
/// <param name="Address">The address the other end sees.</param>
/// <param name="Node">The node whose kubelet dials; null otherwise.</param>
internal readonly record struct WireSource(WireProcess? Process, IPAddress Address, string? Node)
{
    /// <summary>A process.</summary>
    public static WireSource Of(WireProcess process) => new(process, process.Host.Address, null);

    /// <summary>Whether it is outside the cluster.</summary>
    public bool IsOutside => Process is null && Node is null;

    /// <summary>What policies see.</summary>
    public TrafficPeer Party => Process?.Host.Party ?? (Node is null ? TrafficPeer.Outside(Address) : TrafficPeer.OfNode(Node, Address));
}
