using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace ClusterSim.Network;

/// <summary>The network of a pod that has none. Every use of it throws an exception that names the pod; nothing reaches the machine's own sockets.</summary>
/// <param name="namespace">The pod's namespace.</param>
/// <param name="name">The pod's name.</param>
/// <param name="reason">Why the pod has no network.</param>
internal sealed class NoPodNetwork(string @namespace, string name, string reason) : IPodNetwork, IContainerNetwork, IConnectionListenerFactory, INameLookup
{
    /// <summary>No address.</summary>
    public IPAddress Address => IPAddress.None;

    /// <summary>No server.</summary>
    public IPAddress DnsServer => IPAddress.None;

    /// <summary>A factory that throws.</summary>
    public IConnectionListenerFactory Listener => this;

    /// <inheritdoc/>
    public IContainerNetwork Join(string container) => this;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) => throw Unreachable();

    /// <inheritdoc/>
    public ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation) => throw Unreachable();

    /// <inheritdoc/>
    public ValueTask<(string Name, IReadOnlyList<IPAddress> Addresses)> LookupAsync(string name, CancellationToken cancellation) => throw Unreachable();

    /// <inheritdoc/>
    public string SocketDirectory(string host, int port) => throw Unreachable();

    /// <inheritdoc/>
    public void Sever()
    {
        // There is no stream to end.
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The exception that every use throws: what a process sees on a host without routes.</summary>
    public SocketException Unreachable() => new((int)SocketError.NetworkUnreachable, $"pod {@namespace}/{name} has no network: {reason}");
}
