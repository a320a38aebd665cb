using System.Net;
using ClusterSim.Network;
using Microsoft.AspNetCore.Connections;

namespace ClusterSim;

/// <summary>A listener on an address outside the cluster; the address goes with it.</summary>
internal sealed class OutsideListener(WireHost host, IConnectionListener listener) : IConnectionListener
{
    /// <inheritdoc/>
    public EndPoint EndPoint { get; } = new IPEndPoint(host.Address, ((IPEndPoint)listener.EndPoint).Port);

    /// <inheritdoc/>
    public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => listener.AcceptAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => listener.UnbindAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await listener.DisposeAsync();
        await host.DisposeAsync();
    }
}
