using System.Net;
using ClusterSim;
using ClusterSim.Network;
using ClusterSim.Network.Policies;
using Microsoft.AspNetCore.Connections;

namespace Tests.Cluster.Clusters;

/// <summary>An address of the world outside a simulated cluster, with somebody behind it who takes every connection.</summary>
internal sealed class WorldAddress : IAsyncDisposable
{
    // RFC 5737: nobody's.
    public const string Host = "198.51.100.1";
    public const int Port = 443;

    private readonly WireHost _host;
    private readonly IConnectionListener _listener;
    private readonly Task _accepting;

    private WorldAddress(WireHost host, IConnectionListener listener)
    {
        _host = host;
        _listener = listener;
        _accepting = AcceptAsync();
    }

    public static async Task<WorldAddress> ListenAsync(SimulatedCluster cluster)
    {
        var address = IPAddress.Parse(Host);
        var host = cluster.Wire.RegisterHost(address, TrafficPeer.Outside(address));
        return new WorldAddress(host, await host.JoinProcess("world").BindAsync(new IPEndPoint(IPAddress.Any, Port)));
    }

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _accepting;
        await _host.DisposeAsync();
    }

    private async Task AcceptAsync()
    {
        while (await _listener.AcceptAsync() is { } connection)
            await connection.DisposeAsync();
    }
}
