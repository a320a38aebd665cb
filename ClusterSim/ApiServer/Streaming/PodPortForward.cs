using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using ClusterSim.Http;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;
using ClusterSim.Streaming.Spdy;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Streaming;

/// <summary>
/// <c>pods/portforward</c>: connections to a pod's ports, past Services and policies. Three ways: SPDY, SPDY within a WebSocket (kubectl
/// since 1.31), and the WebSocket's own channels, two for each port named in the query (the clients of other languages).
/// </summary>
internal sealed class PodPortForward(ApiServer server, IKubelets kubelets) : IStreamingSubresource
{
    private const string Protocol = "portforward.k8s.io";
    private const string Tunnelled = "SPDY/3.1+portforward.k8s.io";
    private const int PortsMax = 64;

    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target, string? rest)
    {
        Streams.AuthorizeUpgrade(server, target, context.Request.Method);
        var pod = server.Require(target);
        var kubelet = Streams.KubeletOf(kubelets, pod);
        if (!context.WebSockets.IsWebSocketRequest)
        {
            if (!context.Request.Headers.Upgrade.ToString().Equals("SPDY/3.1", StringComparison.OrdinalIgnoreCase))
                throw KubernetesApiException.BadRequest("Upgrade request required");
            await ForwardAsync(await SpdyUpgrade.AcceptAsync(context, Protocol), kubelet, pod, context.RequestAborted);
            return;
        }
        var offered = context.WebSockets.WebSocketRequestedProtocols;
        if (offered.Contains(Tunnelled))
        {
            using var socket = await WebSocketUpgrade.AcceptAsync(context, Tunnelled);
            await ForwardAsync(new SpdyConnection(new WebSocketBytes(socket)), kubelet, pod, context.RequestAborted);
            return;
        }
        if (!offered.Contains(WebSocketChannels.V4))
            throw KubernetesApiException.BadRequest($"unable to upgrade: the client offers the protocols [{string.Join(' ', offered)}], the server speaks [{Tunnelled} {WebSocketChannels.V4}]");
        var ports = PortsOf(context.Request.Query);
        await using var channels = new WebSocketChannels(await context.WebSockets.AcceptWebSocketAsync(WebSocketChannels.V4), ports.Count * 2);
        await ForwardAsync(channels, ports, kubelet, pod, context.RequestAborted);
    }

    private static async Task ForwardAsync(SpdyConnection client, IKubelet kubelet, Document pod, CancellationToken cancellation)
    {
        await using var _ = client;
        var reading = client.ReadAsync(cancellation);
        var pairs = new Dictionary<string, SpdyStream>(StringComparer.Ordinal);
        var forwarding = new List<Task>();
        await foreach (var stream in client.Accepted.ReadAllAsync(CancellationToken.None))
        {
            // A connection is two streams with one request id: its data, and what went wrong.
            var id = stream.Headers.GetValueOrDefault("requestid") ?? stream.Id.ToString(CultureInfo.InvariantCulture);
            if (!pairs.Remove(id, out var other))
            {
                pairs[id] = stream;
                continue;
            }
            var isError = stream.Headers.GetValueOrDefault("streamtype") == "error";
            forwarding.RemoveAll(task => task.IsCompleted);
            forwarding.Add(ForwardAsync(isError ? other : stream, isError ? stream : other, kubelet, pod, client.Closed));
        }
        await reading;
        await Task.WhenAll(forwarding);
    }

    private static async Task ForwardAsync(SpdyStream data, SpdyStream error, IKubelet kubelet, Document pod, CancellationToken closed)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(closed, data.Reset);
        try
        {
            var told = data.Headers.GetValueOrDefault("port");
            if (!int.TryParse(told, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
                await FinishAsync($"\"{told}\" is not a port");
            else
                await CopyAsync(kubelet, pod, port, data.Input, data.Output, FinishAsync, end.Token);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or ObjectDisposedException or WebSocketException)
        {
            // The client left.
        }

        // Both at once: a client waits for the end of the errors before it lets go of its side.
        async ValueTask FinishAsync(string? problem)
        {
            if (problem is not null)
                await error.Output.WriteAsync(Encoding.UTF8.GetBytes(problem), end.Token);
            await error.FinishAsync(end.Token);
            await data.FinishAsync(end.Token);
        }
    }

    private static async Task ForwardAsync(WebSocketChannels channels, IReadOnlyList<int> ports, IKubelet kubelet, Document pod, CancellationToken cancellation)
    {
        var inputs = ports.Select((_, index) => channels.Reader(index * 2)).ToList();
        var receiving = channels.ReceiveAsync(cancellation);
        for (var i = 0; i < ports.Count; i++)
        {
            // Each channel begins with its port.
            var port = new byte[2];
            BinaryPrimitives.WriteUInt16LittleEndian(port, (ushort)ports[i]);
            await channels.SendAsync((byte)(i * 2), port, cancellation);
            await channels.SendAsync((byte)((i * 2) + 1), port, cancellation);
        }
        await Task.WhenAll(ports.Select(async (port, index) =>
        {
            // A channel has no end of its own: what the client would still send to a port that closed is not waited for.
            using var end = CancellationTokenSource.CreateLinkedTokenSource(channels.Closed);
            try
            {
                await CopyAsync(kubelet, pod, port, inputs[index], channels.Writer(index * 2), FinishAsync, end.Token);
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException or WebSocketException)
            {
                // The client left, or the port closed.
            }

            async ValueTask FinishAsync(string? problem)
            {
                if (problem is not null)
                    await channels.SendAsync((byte)((index * 2) + 1), Encoding.UTF8.GetBytes(problem), channels.Closed);
                await end.CancelAsync();
            }
        }));
        await channels.IgnoreAsync();
        await channels.CloseAsync(cancellation);
        await receiving;
    }

    /// <summary>
    /// Copies both ways until both ends have finished. <paramref name="finish"/> is called once, when the pod has sent all it will: with what
    /// went wrong, null for nothing.
    /// </summary>
    private static async Task CopyAsync(
        IKubelet kubelet, Document pod, int port, Stream fromClient, Stream toClient, Func<string?, ValueTask> finish, CancellationToken cancellation)
    {
        Stream connection;
        try
        {
            connection = await kubelet.DialAsync(pod, port, cancellation);
        }
        catch (Exception refused) when (refused is SocketException or IOException or KubernetesApiException)
        {
            var why = refused is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? "connect: connection refused" : refused.Message;
            await finish($"error forwarding port {port} to pod {pod.Uid}, uid : failed to execute portforward in network namespace: failed to connect to localhost:{port} inside namespace: dial tcp4 127.0.0.1:{port}: {why}");
            return;
        }
        await using var _ = connection;
        var sending = SendAsync();
        string? problem = null;
        try
        {
            await connection.CopyToAsync(toClient, cancellation);
        }
        catch (IOException broken)
        {
            problem = $"error forwarding port {port} to pod {pod.Uid}, uid : {broken.Message}";
        }
        await finish(problem);
        await sending;

        async Task SendAsync()
        {
            try
            {
                await fromClient.CopyToAsync(connection, cancellation);
                if (connection is IHalfClose half)
                    half.CompleteWrites();
            }
            catch (Exception over) when (over is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The pod takes no more; the reading side tells.
            }
        }
    }

    private static IReadOnlyList<int> PortsOf(IQueryCollection query)
    {
        var ports = new List<int>();
        foreach (var text in query["ports"].SelectMany(value => (value ?? "").Split(',')))
            ports.Add(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and < 65536
                ? port
                : throw KubernetesApiException.BadRequest($"unable to parse \"{text}\" as a port"));
        return ports.Count switch
        {
            0 => throw KubernetesApiException.BadRequest("query parameter \"ports\" is required"),
            > PortsMax => throw KubernetesApiException.BadRequest($"{ports.Count} ports, at most {PortsMax} can be forwarded over one WebSocket"),
            _ => ports,
        };
    }
}
