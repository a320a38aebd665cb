using System.Net;
using System.Net.Sockets;

namespace ClusterSim.Network;

/// <summary>The pod network of nodes that have none: each pod gets a <see cref="NoPodNetwork"/>.</summary>
internal sealed class NoPodNetworks : IPodNetworks
{
    /// <inheritdoc/>
    public IPAddress DnsAddress => IPAddress.None;

    /// <inheritdoc/>
    public string Domain => "cluster.local";

    /// <inheritdoc/>
    public string? PodRangeOf(string node) => null;

    /// <inheritdoc/>
    public IPodNetwork Attach(PodIdentity pod) => new NoPodNetwork(pod.Namespace, pod.Name, $"node {pod.Node} has no pod network");

    /// <inheritdoc/>
    public ValueTask<Stream> DialFromNodeAsync(string node, IPAddress address, int port, CancellationToken cancellation) =>
        throw new SocketException((int)SocketError.NetworkUnreachable, $"node {node} has no pod network");
}
