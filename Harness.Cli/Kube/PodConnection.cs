using System.Net.WebSockets;
using System.Text;

namespace Harness.Kube;

/// <summary>
/// A connection to a port of a pod through <c>pods/portforward</c>, as one stream: a WebSocket of <c>v4.channel.k8s.io</c>, whose channel 0 is
/// the connection and channel 1 says what went wrong. Each channel's first message is the port's number. The protocol has no word for the end
/// of what one side sends: only both ways end, with the stream.
/// </summary>
internal sealed class PodConnection : Stream
{
    /// <summary>The subprotocol.</summary>
    public const string Protocol = "v4.channel.k8s.io";

    private const byte Data = 0;
    private const byte Error = 1;
    private const int HeaderBytes = sizeof(ushort);

    private readonly ClientWebSocket _socket;
    private readonly string _what;
    private readonly byte[] _message = new byte[32 * 1024];
    private readonly int[] _headerLeft = [HeaderBytes, HeaderBytes];
    private ReadOnlyMemory<byte> _unread;
    private int _channel = -1;

    private PodConnection(ClientWebSocket socket, string what)
    {
        _socket = socket;
        _what = what;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Opens one.</summary>
    /// <param name="url">The subresource, with its <c>ports</c>.</param>
    /// <param name="http">Whose connection and credentials are used.</param>
    /// <param name="what">The port and the pod, for messages.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="IOException">The API server did not upgrade the connection.</exception>
    public static async Task<PodConnection> OpenAsync(Uri url, HttpMessageInvoker http, string what, CancellationToken cancellation)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(Protocol);
        try
        {
            await socket.ConnectAsync(new UriBuilder(url) { Scheme = url.Scheme == Uri.UriSchemeHttps ? Uri.UriSchemeWss : Uri.UriSchemeWs }.Uri, http, cancellation);
            return new PodConnection(socket, what);
        }
        catch (WebSocketException refused)
        {
            socket.Dispose();
            throw new IOException($"no connection to {what}: {refused.Message}", refused);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_unread.IsEmpty)
        {
            ValueWebSocketReceiveResult came;
            try
            {
                came = await _socket.ReceiveAsync(_message.AsMemory(), cancellationToken);
            }
            catch (WebSocketException gone)
            {
                throw new IOException($"the connection to {_what} broke: {gone.Message}", gone);
            }
            if (came.MessageType == WebSocketMessageType.Close)
                return 0;
            Take(_message.AsMemory(0, came.Count));
            if (came.EndOfMessage)
                _channel = -1;
        }
        var count = Math.Min(buffer.Length, _unread.Length);
        _unread[..count].CopyTo(buffer);
        _unread = _unread[count..];
        return count;
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var message = new byte[buffer.Length + 1];
        buffer.CopyTo(message.AsMemory(1));
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
        catch (WebSocketException gone)
        {
            throw new IOException($"the connection to {_what} broke: {gone.Message}", gone);
        }
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Flush() => throw new NotSupportedException();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _socket.Dispose();
        base.Dispose(disposing);
    }

    private void Take(ReadOnlyMemory<byte> message)
    {
        if (_channel < 0 && !message.IsEmpty)
        {
            _channel = message.Span[0];
            message = message[1..];
        }
        if (_channel is not (Data or Error))
            return;
        var header = Math.Min(_headerLeft[_channel], message.Length);
        _headerLeft[_channel] -= header;
        message = message[header..];
        if (message.IsEmpty)
            return;
        if (_channel == Error)
            throw new IOException($"no connection to {_what}: {Encoding.UTF8.GetString(message.Span).Trim()}");
        _unread = message;
    }
}
