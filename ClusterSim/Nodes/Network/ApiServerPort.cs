using System.Net;
using System.Net.Sockets;
using ClusterSim.Network.Policies;
using Microsoft.AspNetCore.Connections;

namespace ClusterSim.Network;

/// <summary>
/// The API server on the wire: where Service <c>default/kubernetes</c> leads, so that pods reach it by that name and policies apply. What a pod
/// sends there goes to the port the API listens on, as it is: TLS ends at the API server.
/// </summary>
internal sealed class ApiServerPort : IAsyncDisposable
{
    private readonly WireHost _host;
    private readonly IConnectionListener _listener;
    private readonly IPEndPoint _api;
    private readonly CancellationTokenSource _stop = new();

    private ApiServerPort(WireHost host, IConnectionListener listener, IPEndPoint api)
    {
        _host = host;
        _listener = listener;
        _api = api;
    }

    /// <summary>Listens on the wire.</summary>
    /// <param name="wire">The wire.</param>
    /// <param name="address">The control plane's address: no pod and no node that runs pods, so to policies an address outside.</param>
    /// <param name="port">The port there.</param>
    /// <param name="api">Where the API really listens.</param>
    public static async Task<ApiServerPort> ListenAsync(Wire wire, IPAddress address, int port, IPEndPoint api)
    {
        var host = wire.RegisterHost(address, TrafficPeer.Outside(address));
        var listener = await host.JoinProcess("kube-apiserver").BindAsync(new IPEndPoint(IPAddress.Any, port));
        var opened = new ApiServerPort(host, listener, api);
        _ = Wire.OutsideOfPodsAsync(opened.AcceptAsync);
        return opened;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _listener.DisposeAsync();
        await _host.DisposeAsync();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (await _listener.AcceptAsync(_stop.Token) is { } connection)
                _ = ServeAsync(connection);
        }
        catch (OperationCanceledException)
        {
            // The cluster ends.
        }
    }

    private async Task ServeAsync(ConnectionContext connection)
    {
        await using var accepted = connection;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(_api);
        }
        catch (SocketException)
        {
            connection.Abort();
            return;
        }
        await SocketRelay.RunAsync(
            socket, connection.Transport.Input.AsStream(), connection.Transport.Output.AsStream(), () => connection.Transport.Output.Complete(), connection.Abort);
    }
}
