using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ClusterSim.Nodes.Probes;

/// <summary>
/// <c>httpGet</c> of probes and hooks: one GET on a connection of its own, 200 to 399 passes, redirects are followed on the same host.
/// A small client of its own, so that a manual clock can tell when it only waits, and because a probe a second and pod must be cheap.
/// </summary>
internal static class HttpAction
{
    private const int RedirectsMax = 10;
    private const int HeadBytesMax = 64 * 1024;

    /// <summary>Carries it out within the time the token leaves.</summary>
    public static async Task<ProbeResult> RunAsync(ProbeTarget target, JsonElement action, string userAgent, CancellationToken timeout)
    {
        var host = target.Host(action);
        var port = target.Port(action.At("port"));
        var secure = action.At("scheme").Text("HTTP") == "HTTPS";
        var path = action.At("path").Text("/");
        if (!path.StartsWith('/'))
            path = "/" + path;
        for (var redirects = 0; ; redirects++)
        {
            var url = $"{(secure ? "https" : "http")}://{host}:{port}{path}";
            try
            {
                var (status, location) = await GetAsync(target, host, port, secure, path, action.At("httpHeaders"), userAgent, timeout);
                if (status is >= 300 and < 400 && location is not null && redirects < RedirectsMax && Uri.TryCreate(new Uri(url), location, out var next) && next.Host == host)
                {
                    (port, secure, path) = (next.Port, next.Scheme == "https", next.PathAndQuery);
                    continue;
                }
                return status is >= 200 and < 400 ? ProbeResult.Success : ProbeResult.Failure(string.Create(CultureInfo.InvariantCulture, $"HTTP probe failed with statuscode: {status}"));
            }
            catch (OperationCanceledException)
            {
                return ProbeResult.Failure($"Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
            }
            catch (SocketException refused)
            {
                return ProbeResult.Failure($"Get \"{url}\": {ProbeTarget.Words(host, port, refused)}");
            }
            catch (IOException broken)
            {
                var words = broken.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset } ? ProbeTarget.Words(host, port, (SocketException)broken.InnerException) : "EOF";
                return ProbeResult.Failure($"Get \"{url}\": {words}");
            }
        }
    }

    private static async Task<(int Status, string? Location)> GetAsync(
        ProbeTarget target, string host, int port, bool secure, string path, JsonElement headers, string userAgent, CancellationToken timeout)
    {
        var connection = await target.DialAsync(host, port, timeout);
        await using var opened = connection;
        var stream = connection;
        if (secure)
        {
#pragma warning disable CA5359 // a kubelet does not verify certificates in probes (pkg/probe/http)
            var tls = new SslStream(connection, leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = host }, timeout);
            stream = tls;
        }
        var request = new StringBuilder($"GET {path} HTTP/1.1\r\n");
        var given = headers.Items().Select(header => (Name: header.At("name").Text(""), Value: header.At("value").Text(""))).ToList();
        Header("Host", $"{host}:{port}");
        Header("User-Agent", userAgent);
        Header("Accept", "*/*");
        foreach (var (name, value) in given)
            request.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        request.Append("Connection: close\r\n\r\n");
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToString()), timeout);
        await stream.FlushAsync(timeout);
        var head = await ReadHeadAsync(stream, timeout);
        var lines = head.Split("\r\n");
        var words = lines[0].Split(' ', 3);
        if (words.Length < 2 || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            throw new IOException("malformed HTTP response");
        var location = lines.FirstOrDefault(line => line.StartsWith("Location:", StringComparison.OrdinalIgnoreCase))?["Location:".Length..].Trim();
        return (status, location);

        void Header(string name, string value)
        {
            if (!given.Exists(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase)))
                request.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }
    }

    private static async Task<string> ReadHeadAsync(Stream stream, CancellationToken timeout)
    {
        var buffer = new byte[4096];
        var length = 0;
        while (true)
        {
            var end = buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8);
            if (end >= 0)
                return Encoding.Latin1.GetString(buffer, 0, end);
            if (length == buffer.Length)
            {
                if (length >= HeadBytesMax)
                    throw new IOException("the response's head is longer than 64 KiB");
                Array.Resize(ref buffer, length * 2);
            }
            var read = await stream.ReadAsync(buffer.AsMemory(length), timeout);
            if (read == 0)
                throw new IOException("EOF");
            length += read;
        }
    }
}
