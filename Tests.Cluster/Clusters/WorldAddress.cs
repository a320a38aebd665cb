using System.Net;
using ClusterSim;
using Microsoft.AspNetCore.Connections;

namespace Tests.Cluster.Clusters;

/// <summary>An address of the world outside a simulated cluster, with somebody behind it who takes every connection.</summary>
internal sealed class WorldAddress : IAsyncDisposable
{
    // RFC 5737: nobody's.
    public const string Host = "198.51.100.1";
    public const int Port = 443;

    private readonly IConnectionListener _listener;
    private readonly Task _accepting;

    private WorldAddress(IConnectionListener listener)
    {
        _listener = listener;
        _accepting = AcceptAsync();
    }

    public static async Task<WorldAddress> ListenAsync(SimulatedCluster cluster) => new(await cluster.ListenOutsideAsync(IPAddress.Parse(Host), Port));

    public async ValueTask DisposeAsync()
    {
        await _listener.DisposeAsync();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        while (await _listener.AcceptAsync() is { } connection)
            await connection.DisposeAsync();
    }
}
