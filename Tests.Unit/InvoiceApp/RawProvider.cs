using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace InvoiceApp.Tests;

/// <summary>
/// A payment provider down at the socket, for what no HTTP server will do: reset, hang up without an answer, stop half-way, trickle.
/// One connection at a time has one request.
/// </summary>
internal sealed class RawProvider : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<Socket, string, int, CancellationToken, Task> _answer;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _serving;
    private int _requests;

    /// <param name="answer">Given the socket, the payment's id, and how many requests there were, this one included.</param>
    public RawProvider(Func<Socket, string, int, CancellationToken, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _serving = ServeAsync();
    }

    public string Url { get; }

    public int Requests => Volatile.Read(ref _requests);

    public static Task AcceptAsync(Socket socket, string id, CancellationToken cancellation) => SayAsync(socket, Answer($$"""{"id":"{{id}}"}"""), cancellation);

    public static string Answer(string body, int? length = null) =>
        $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length ?? body.Length}\r\nConnection: close\r\n\r\n{body}";

    public static async Task SayAsync(Socket socket, string text, CancellationToken cancellation) => await socket.SendAsync(Encoding.UTF8.GetBytes(text), cancellation);

    /// <summary>Closes with a reset: what was not received by then is lost.</summary>
    public static Task ResetAsync(Socket socket)
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        _listener.Stop();
        await _serving;
        _stopped.Dispose();
    }

    private async Task ServeAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(AnswerAsync(await _listener.AcceptSocketAsync(_stopped.Token)));
        }
        catch (Exception fault) when (fault is OperationCanceledException or SocketException || _stopped.IsCancellationRequested)
        {
            // Stopped between two connections, the listener says that it is not listening.
            await Task.WhenAll(connections);
        }
    }

    private async Task AnswerAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                var body = await ReadAsync(socket);
                if (body is not null)
                    await _answer(socket, (string)JsonNode.Parse(body)!["id"]!, Interlocked.Increment(ref _requests), _stopped.Token);
            }
            catch (Exception fault) when (fault is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The caller hung up, as some of these tests want it to.
            }
        }
    }

    private async Task<string?> ReadAsync(Socket socket)
    {
        var received = "";
        var buffer = new byte[4096];
        while (true)
        {
            var count = await socket.ReceiveAsync(buffer, _stopped.Token);
            if (count == 0)
                return null;
            received += Encoding.UTF8.GetString(buffer, 0, count);
            var end = received.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end > 0 && received.Length > end + 4 && received.TrimEnd().EndsWith('}'))
                return received[(end + 4)..];
        }
    }
}
