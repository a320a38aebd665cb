using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;

namespace ClusterSim.Streaming;

/// <summary>
/// Several streams over one WebSocket, as Kubernetes' <c>v4.channel.k8s.io</c> and <c>v5.channel.k8s.io</c> have them: each message's first
/// byte is its channel. In v5 a message of 255 and a channel says that the client sends no more on that channel. In the base64 form messages
/// are text: a digit for the channel, then base64.
/// </summary>
internal sealed class WebSocketChannels : IAsyncDisposable
{
    /// <summary>The protocol without a word for a channel's end.</summary>
    public const string V4 = "v4.channel.k8s.io";

    /// <summary>The protocol with one.</summary>
    public const string V5 = "v5.channel.k8s.io";

    /// <summary><see cref="V4"/> in base64, for clients that can send text alone.</summary>
    public const string Base64V4 = "v4.base64.channel.k8s.io";

    private const byte CloseSignal = 255;
    private const int Base64MessageMax = 4 * 1024 * 1024;

    private readonly WebSocket _socket;
    private readonly bool _isBase64;
    private readonly Pipe?[] _incoming;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly CancellationTokenSource _closed = new();

    /// <summary>Channels 0 to <paramref name="count"/> − 1 over <paramref name="socket"/>.</summary>
    public WebSocketChannels(WebSocket socket, int count, string protocol = V4)
    {
        _socket = socket;
        _isBase64 = protocol == Base64V4;
        _incoming = new Pipe?[count];
    }

    /// <summary>The protocols of exec and attach, the best first.</summary>
    public static IReadOnlyList<string> Protocols { get; } = [V5, V4, Base64V4];

    /// <summary>Is cancelled when the client has left.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>What the client sends on a channel. Only before <see cref="ReceiveAsync"/>; what comes on other channels is dropped.</summary>
    public Stream Reader(int channel) => (_incoming[channel] = StreamPipes.New()).Reader.AsStream();

    /// <summary>What the client receives on a channel.</summary>
    public Stream Writer(int channel) => new OutgoingStream((data, cancellation) => SendAsync((byte)channel, data, cancellation));

    /// <summary>Sends one message on a channel.</summary>
    public async ValueTask SendAsync(byte channel, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        byte[] message = _isBase64
            ? [(byte)('0' + channel), .. Encoding.ASCII.GetBytes(Convert.ToBase64String(data.Span))]
            : [channel, .. data.Span];
        await _sending.WaitAsync(cancellation);
        try
        {
            await _socket.SendAsync(message, _isBase64 ? WebSocketMessageType.Text : WebSocketMessageType.Binary, endOfMessage: true, cancellation);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Hands what comes to the channels, until the client leaves.</summary>
    public async Task ReceiveAsync(CancellationToken cancellation)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            if (_isBase64)
            {
                await ReceiveBase64Async(buffer, cancellation);
                return;
            }
            var channel = -1;
            while (await _socket.ReceiveAsync(buffer.AsMemory(), cancellation) is { MessageType: not WebSocketMessageType.Close } message)
            {
                var data = buffer.AsMemory(0, message.Count);
                if (channel < 0 && data.Length > 0)
                {
                    channel = data.Span[0];
                    data = data[1..];
                }
                if (channel == CloseSignal && data.Length > 0 && data.Span[0] < _incoming.Length)
                    await (_incoming[data.Span[0]]?.Writer.CompleteAsync() ?? ValueTask.CompletedTask);
                else if (channel >= 0)
                    await HandOnAsync(channel, data, cancellation);
                if (message.EndOfMessage)
                    channel = -1;
            }
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or IOException or InvalidOperationException or FormatException)
        {
            // The client went without a word, or writes to a channel after its end.
        }
        finally
        {
            foreach (var pipe in _incoming)
                if (pipe is not null)
                    await pipe.Writer.CompleteAsync();
            await _closed.CancelAsync();
        }
    }

    /// <summary>What still comes is thrown away: nobody reads it any more, and a client that sends must not wait for that.</summary>
    public async Task IgnoreAsync()
    {
        foreach (var pipe in _incoming)
            if (pipe is not null)
                await pipe.Reader.CompleteAsync();
    }

    private ValueTask HandOnAsync(int channel, ReadOnlyMemory<byte> data, CancellationToken cancellation) =>
        channel < _incoming.Length && _incoming[channel] is { } pipe && !data.IsEmpty ? pipe.WriteAsync(data, cancellation) : ValueTask.CompletedTask;

    private async Task ReceiveBase64Async(byte[] buffer, CancellationToken cancellation)
    {
        using var message = new MemoryStream();
        while (await _socket.ReceiveAsync(buffer.AsMemory(), cancellation) is { MessageType: not WebSocketMessageType.Close } part)
        {
            message.Write(buffer.AsSpan(0, part.Count));
            if (message.Length > Base64MessageMax)
                return;
            if (!part.EndOfMessage)
                continue;
            if (message.Length > 0)
                await HandOnAsync(
                    message.GetBuffer()[0] - '0', Convert.FromBase64String(Encoding.ASCII.GetString(message.GetBuffer(), 1, (int)message.Length - 1)), cancellation);
            message.SetLength(0);
        }
    }

    /// <summary>Says goodbye.</summary>
    public async Task CloseAsync(CancellationToken cancellation)
    {
        try
        {
            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", cancellation);
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException)
        {
            // It went first.
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _sending.Dispose();
        _closed.Dispose();
        return ValueTask.CompletedTask;
    }
}
