using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using ClusterSim.Json;

namespace Harness.Kube;

/// <summary>
/// Runs a command in a container through <c>pods/exec</c> and collects its output: a WebSocket of <c>v4.channel.k8s.io</c>. The first byte of
/// each message is its channel; the last message, on the channel of errors, is a <c>Status</c>.
/// </summary>
internal static class PodExec
{
    private const string Protocol = "v4.channel.k8s.io";
    private const byte Output = 1;
    private const byte ErrorOutput = 2;
    private const byte Error = 3;

    /// <summary>Returns the command's standard output.</summary>
    /// <param name="url">The subresource, with the command and <c>stdout</c> and <c>stderr</c> as its query.</param>
    /// <param name="http">Whose connection and credentials are used.</param>
    /// <param name="what">The pod, for messages.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="KubeException">The connection was refused, or the command did not end with exit code 0.</exception>
    public static async Task<string> RunAsync(Uri url, HttpMessageInvoker http, string what, CancellationToken cancellation)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(Protocol);
        var channels = new Dictionary<byte, MemoryStream> { [Output] = new(), [ErrorOutput] = new(), [Error] = new() };
        try
        {
            await socket.ConnectAsync(new UriBuilder(url) { Scheme = url.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs }.Uri, http, cancellation);
            await ReceiveAsync(socket, channels, cancellation);
        }
        catch (WebSocketException ex)
        {
            throw new KubeException(0, $"exec in {what}: {ex.Message}", ex);
        }
        var status = Text(Error);
        if (status.Length == 0)
            throw new KubeException(0, $"exec in {what}: the connection ended without a status");
        var result = JsonElement.Parse(status);
        return result.At("status").Text() == "Success"
            ? Text(Output)
            : throw new KubeException((int)result.At("code").Integer(0), $"exec in {what}: {result.At("message").Text(status)} {Text(ErrorOutput)}".TrimEnd());

        string Text(byte channel) => Encoding.UTF8.GetString(channels[channel].ToArray());
    }

    private static async Task ReceiveAsync(ClientWebSocket socket, Dictionary<byte, MemoryStream> channels, CancellationToken cancellation)
    {
        var buffer = new byte[32 * 1024];
        MemoryStream? channel = null;
        var begun = false;
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            if (received.MessageType == WebSocketMessageType.Close)
                return;
            var payload = buffer.AsMemory(0, received.Count);
            if (!begun && !payload.IsEmpty)
            {
                channel = channels.GetValueOrDefault(payload.Span[0]);
                payload = payload[1..];
                begun = true;
            }
            channel?.Write(payload.Span);
            if (received.EndOfMessage)
                begun = false;
        }
    }
}
