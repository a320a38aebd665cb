using System.Net.WebSockets;

namespace ClusterSim.Streaming;

/// <summary>
/// A WebSocket as one stream of bytes, whatever its messages: what another protocol is tunnelled through.
/// </summary>
internal sealed class WebSocketBytes(WebSocket socket)
    : OutgoingStream((data, cancellation) => socket.SendAsync(data, WebSocketMessageType.Binary, endOfMessage: true, cancellation))
{
    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer, cancellationToken);
            if (read.MessageType == WebSocketMessageType.Close)
                return 0;
            if (read.Count > 0)
                return read.Count;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            socket.Dispose();
        base.Dispose(disposing);
    }
}
