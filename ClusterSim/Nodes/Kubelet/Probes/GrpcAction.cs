using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ClusterSim.Nodes.Probes;

/// <summary>The <c>grpc</c> probe: <c>grpc.health.v1.Health/Check</c> over h2c. The two messages are small enough to be written by hand.</summary>
internal static class GrpcAction
{
    private const byte Serving = 1;
    private static readonly string[] Statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

    private static readonly string[] Codes =
    [
        "OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists", "PermissionDenied", "ResourceExhausted",
        "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented", "Internal", "Unavailable", "DataLoss", "Unauthenticated",
    ];

    /// <summary>Carries it out within the time the token leaves, which is <paramref name="seconds"/>.</summary>
    public static async Task<ProbeResult> RunAsync(ProbeTarget target, JsonElement action, int seconds, CancellationToken timeout)
    {
        var isConnected = false;
        var port = target.Port(action.At("port"));
        var service = Encoding.UTF8.GetBytes(action.At("service").Text(""));
        var host = target.Address.ToString();
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellation) =>
            {
                var stream = await target.DialAsync(host, port, cancellation);
                isConnected = true;
                return stream;
            },
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
            if (Trailer(response, "grpc-status") is not { } number || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var code))
                return ProbeResult.Failure($"error: health rpc probe failed: rpc error: code = Unknown desc = unexpected HTTP status code received from server: {(int)response.StatusCode} ({response.ReasonPhrase}); malformed header: missing HTTP content-type");
            var said = Uri.UnescapeDataString(Trailer(response, "grpc-message") ?? "");
            if (code == Array.IndexOf(Codes, "Unimplemented"))
                return ProbeResult.Failure($"error: this server does not implement the grpc health protocol (grpc.health.v1.Health): {said}");
            if (code != 0)
                return ProbeResult.Failure($"error: health rpc probe failed: rpc error: code = {(code < Codes.Length ? Codes[code] : $"Code({code})")} desc = {said}");
            var health = body.Length >= 7 && body[5] == 0x08 ? body[6] : (byte)0;
            return health == Serving ? ProbeResult.Success : ProbeResult.Failure($"service unhealthy (responded with \"{(health < Statuses.Length ? Statuses[health] : health)}\")");
        }
        catch (OperationCanceledException) when (isConnected)
        {
            return ProbeResult.Failure($"timeout: health rpc did not complete within {seconds}s");
        }
        catch (Exception late) when (late is OperationCanceledException || !isConnected)
        {
            // A refused connection is tried again until the time is over, as WithBlock has it; here at once it is said what would be said then.
            return ProbeResult.Failure($"timeout: failed to connect service \"{host}:{port}\" within {seconds}s: context deadline exceeded");
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException or SocketException)
        {
            return ProbeResult.Failure($"error: health rpc probe failed: rpc error: code = Unavailable desc = {broken.Message}");
        }
    }

    private static string? Trailer(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values) ? values.First() : null;
}
