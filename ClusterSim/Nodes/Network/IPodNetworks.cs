using System.Net;
using Microsoft.AspNetCore.Connections;
using Processes;

namespace ClusterSim.Network;

/// <summary>A pod as the network knows it.</summary>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
/// <param name="Uid">Its uid.</param>
/// <param name="Node">The node it runs on.</param>
/// <param name="Hostname">Its host name.</param>
internal sealed record PodIdentity(string Namespace, string Name, string Uid, string Node, string Hostname);

/// <summary>Gives pods their network (what a CNI plugin does): an address, a listener, a dialler, a way to be cut off.</summary>
internal interface IPodNetworks
{
    /// <summary>The address of the DNS server that pods are told of.</summary>
    IPAddress DnsAddress { get; }

    /// <summary>The DNS domain of the cluster.</summary>
    string Domain { get; }

    /// <summary>The address range of a node's pods (<c>spec.podCIDR</c>); the network gives each node its own. Null where the node has no pod network.</summary>
    string? PodRangeOf(string node);

    /// <summary>
    /// Attaches a pod sandbox: policy holds for it from its first packet. The same pod gets the same address again until it is detached.
    /// </summary>
    IPodNetwork Attach(PodIdentity pod);

    /// <summary>Connects to a pod's port from its own node, as probes do: policy does not stand between.</summary>
    /// <exception cref="System.Net.Sockets.SocketException"><c>ConnectionRefused</c>: nobody listens there.</exception>
    ValueTask<Stream> DialFromNodeAsync(string node, IPAddress address, int port, CancellationToken cancellation);
}

/// <summary>One pod's network sandbox; shared by its containers. Disposal detaches it and frees the address.</summary>
internal interface IPodNetwork : IAsyncDisposable
{
    /// <summary>The pod's address.</summary>
    IPAddress Address { get; }

    /// <summary>
    /// The network of one container's process. Disposing the returned object severs every stream of that process and refuses new ones
    /// (rule "kill is death"), and closes its listeners, leaving the pod's other containers alone.
    /// </summary>
    IContainerNetwork Join(string container);

    /// <summary>Severs every stream of the pod and refuses new ones, in and out, until it is detached.</summary>
    void Sever();
}

/// <summary>One container's part in its pod's network.</summary>
internal interface IContainerNetwork : IProcessNetwork, IAsyncDisposable
{
    /// <summary>Accepts connections for this process. Never null: null would mean the machine's own sockets.</summary>
    new IConnectionListenerFactory Listener { get; }

    /// <inheritdoc/>
    IConnectionListenerFactory? IProcessNetwork.Listener => Listener;

    /// <summary>Cuts this process off: every stream ends at once, nothing new is let in or out.</summary>
    void Sever();
}
