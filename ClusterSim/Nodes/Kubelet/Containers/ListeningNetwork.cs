using System.Net;
using System.Net.Sockets;
using ClusterSim.Network;
using Microsoft.AspNetCore.Connections;
using Processes;

namespace ClusterSim.Nodes.Containers;

/// <summary>A container's network that reports when the process first listens; the first probe waits for that.</summary>
internal sealed class ListeningNetwork(IContainerNetwork network, Action listening) : IProcessNetwork, INameLookup
{
    /// <inheritdoc/>
    public IConnectionListenerFactory Listener { get; } = new Factory(network.Listener, listening);

    /// <inheritdoc/>
    public ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation) => network.DialAsync(host, port, cancellation);

    /// <inheritdoc/>
    public IPAddress DnsServer => (network as INameLookup)?.DnsServer ?? IPAddress.Any;

    /// <inheritdoc/>
    public ValueTask<(string Name, IReadOnlyList<IPAddress> Addresses)> LookupAsync(string name, CancellationToken cancellation) =>
        network is INameLookup names ? names.LookupAsync(name, cancellation) : throw new SocketException((int)SocketError.TryAgain);

    /// <inheritdoc/>
    public string? SocketDirectory(string host, int port) => network.SocketDirectory(host, port);

    private sealed class Factory(IConnectionListenerFactory factory, Action listening) : IConnectionListenerFactory
    {
        public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var listener = await factory.BindAsync(endpoint, cancellationToken);
            listening();
            return listener;
        }
    }
}
