using System.Net;
using System.Net.Sockets;
using ClusterSim.Network;
using ClusterSim.Nodes.Probes;
using Microsoft.AspNetCore.Connections;
using Processes;

namespace ClusterSim.Nodes.Containers;

/// <summary>A process's network that also tells when the process first listens. See <see cref="ProbeWorker"/> for why that is wanted.</summary>
internal sealed class ListeningNetwork(IProcessNetwork network, Action listening) : IProcessNetwork, INameLookup
{
    /// <inheritdoc/>
    public IConnectionListenerFactory? Listener { get; } = network.Listener is { } factory ? new Factory(factory, listening) : null;

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
