using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using ClusterSim.Network;
using ClusterSim.Network.Policies;
using Microsoft.AspNetCore.Connections;

namespace ClusterSim.Api.Http;

/// <summary>
/// The API server where pods find it: at its node's address on the wire, behind the Service <c>kubernetes.default</c>, so that policy applies
/// to reaching it. What arrives goes on to its port of the machine, TLS and all.
/// </summary>
internal sealed class ApiServerOnTheWire : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopped = new();
    private readonly IConnectionListener _listener;
    private readonly Uri _server;
    private readonly Task _serving;

    private ApiServerOnTheWire(IConnectionListener listener, Uri server)
    {
        (_listener, _server) = (listener, server);
        using (ExecutionContext.SuppressFlow())
            _serving = Task.Run(ServeAsync);
    }

    /// <summary>Listens.</summary>
    /// <param name="wire">The cluster's wire.</param>
    /// <param name="at">Where on it.</param>
    /// <param name="server">Where the API server listens on this machine.</param>
    public static async Task<ApiServerOnTheWire> StartAsync(Wire wire, IPEndPoint at, Uri server)
    {
        var process = wire.RegisterHost(at.Address, PolicyParty.Outside(at.Address)).JoinProcess("kube-apiserver");
        return new ApiServerOnTheWire(await process.BindAsync(new IPEndPoint(IPAddress.Any, at.Port)), server);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await _listener.DisposeAsync();
        await _serving;
        _stopped.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (await _listener.AcceptAsync(_stopped.Token) is { } connection)
                _ = RelayAsync(connection);
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task RelayAsync(ConnectionContext connection)
    {
        await using (connection)
        {
            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(_server.Host, _server.Port, _stopped.Token);
                await using var stream = new NetworkStream(socket);
                var there = connection.Transport.Input.CopyToAsync(stream, _stopped.Token);
                var back = stream.CopyToAsync(connection.Transport.Output.AsStream(leaveOpen: true), _stopped.Token);
                if (await Task.WhenAny(there, back) == there)
                {
                    // The client has said all; the answer may still come.
                    socket.Shutdown(SocketShutdown.Send);
                    await back;
                }
            }
            catch (Exception fault) when (fault is OperationCanceledException or IOException or SocketException or ConnectionAbortedException)
            {
                // Hung up, cut, or stopped: each side sees its own connection end.
            }
        }
    }
}
