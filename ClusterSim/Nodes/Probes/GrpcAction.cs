using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ClusterSim.Json;

namespace ClusterSim.Nodes.Probes;

/// <summary>The <c>grpc</c> probe: <c>grpc.health.v1.Health/Check</c> over h2c. The two messages are small enough to be written by hand.</summary>
internal static class GrpcAction
{
    private const byte Serving = 1;

    /// <summary>Carries it out within the time the token leaves.</summary>
    public static async Task<ProbeResult> RunAsync(ProbeTarget target, JsonElement action, CancellationToken timeout)
    {
        var port = target.Port(action.At("port"));
        var service = Encoding.UTF8.GetBytes(action.At("service").Text(""));
        var host = target.Address.ToString();
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellation) => await target.DialAsync(host, port, cancellation),
        };
        using var client = new HttpMessageInvoker(handler);
        byte[] message = service.Length == 0 ? [] : [0x0a, (byte)service.Length, .. service];
        using var content = new ByteArrayContent([0, 0, 0, 0, (byte)message.Length, .. message]);
        content.Headers.ContentType = new("application/grpc");
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{host}:{port}/grpc.health.v1.Health/Check")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        request.Headers.TE.Add(new("trailers"));
        try
        {
            using var response = await client.SendAsync(request, timeout);
            var body = await response.Content.ReadAsByteArrayAsync(timeout);
            var status = response.TrailingHeaders.TryGetValues("grpc-status", out var trailing) || response.Headers.TryGetValues("grpc-status", out trailing) ? trailing.First() : "";
            if (status == "12")
                return ProbeResult.Failure("error: this server does not implement the grpc health protocol (grpc.health.v1.Health)");
            if (status != "0")
                return ProbeResult.Failure($"error: health rpc failed: rpc error: code = {status}");
            var health = body.Length >= 7 && body[5] == 0x08 ? body[6] : (byte)0;
            return health == Serving ? ProbeResult.Success : ProbeResult.Failure($"service unhealthy (responded with \"{(health == 2 ? "NOT_SERVING" : health == 3 ? "SERVICE_UNKNOWN" : "UNKNOWN")}\")");
        }
        catch (OperationCanceledException)
        {
            return ProbeResult.Failure($"timeout: failed to connect service \"{host}:{port}\" within 1s: context deadline exceeded");
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or SocketException)
        {
            var why = broken.InnerException is SocketException refused ? ProbeTarget.Words(host, port, refused) : broken.Message;
            return ProbeResult.Failure($"error: failed to connect service at \"{host}:{port}\": {why}");
        }
    }
}
