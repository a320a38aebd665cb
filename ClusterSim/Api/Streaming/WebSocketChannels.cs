using System.IO.Pipelines;
using System.Net.WebSockets;

namespace ClusterSim.Api.Streaming;

/// <summary>
/// Several streams over one WebSocket, as Kubernetes' <c>v4.channel.k8s.io</c> and <c>v5.channel.k8s.io</c> have them: each message's first
/// byte is its channel. In v5 a message of 255 and a channel says that the client sends no more on that channel.
/// </summary>
internal sealed class WebSocketChannels : IAsyncDisposable
{
    /// <summary>The protocol without a word for a channel's end.</summary>
    public const string V4 = "v4.channel.k8s.io";

    /// <summary>The protocol with one.</summary>
    public const string V5 = "v5.channel.k8s.io";

    private const byte CloseSignal = 255;

    private readonly WebSocket _socket;
    private readonly Pipe?[] _incoming;
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly CancellationTokenSource _closed = new();

    /// <summary>Channels 0 to <paramref name="count"/> − 1 over <paramref name="socket"/>.</summary>
    public WebSocketChannels(WebSocket socket, int count)
    {
        _socket = socket;
        _incoming = new Pipe?[count];
    }

    /// <summary>Is cancelled when the client has left.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>What the client sends on a channel. Only before <see cref="ReceiveAsync"/>; what comes on other channels is dropped.</summary>
    public Stream Reader(int channel) => (_incoming[channel] = StreamPipes.New()).Reader.AsStream();

    /// <summary>What the client receives on a channel.</summary>
    public Stream Writer(int channel) => new OutgoingStream((data, cancellation) => SendAsync((byte)channel, data, cancellation));

    /// <summary>Sends one message on a channel.</summary>
    public async ValueTask SendAsync(byte channel, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        var message = new byte[data.Length + 1];
        message[0] = channel;
        data.CopyTo(message.AsMemory(1));
        await _sending.WaitAsync(cancellation);
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, cancellation);
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
                else if (channel >= 0 && channel < _incoming.Length && _incoming[channel] is { } pipe && !data.IsEmpty)
                    await pipe.Writer.WriteAsync(data, cancellation);
                if (message.EndOfMessage)
                    channel = -1;
            }
        }
        catch (Exception gone) when (gone is WebSocketException or OperationCanceledException or IOException or InvalidOperationException)
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
