using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Threading.Channels;

namespace ClusterSim.Streaming.Spdy;

/// <summary>
/// The server's end of a SPDY/3.1 connection, as far as Kubernetes uses it: the client opens streams, each is accepted, data flows both ways,
/// either side finishes its own. No flow control of its own: neither has the library that Kubernetes' clients use.
/// </summary>
internal sealed class SpdyConnection(Stream transport) : IAsyncDisposable
{
    private const int HeadBytes = 8;
    private const int ControlBytesMax = 64 * 1024;
    private const int StreamsMax = 1000;
    private const byte Fin = 1;

    private enum Control
    {
        SynStream = 1,
        SynReply = 2,
        RstStream = 3,
        Ping = 6,
        GoAway = 7,
    }

    // Streams that both sides have finished are forgotten: a port-forward that lives for days opens two for every connection.
    private readonly ConcurrentDictionary<int, SpdyStream> _streams = new();
    private readonly Channel<SpdyStream> _accepted = Channel.CreateUnbounded<SpdyStream>();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly SpdyHeaders _headers = new();
    private readonly CancellationTokenSource _closed = new();

    /// <summary>The streams that the client opens, until it leaves.</summary>
    public ChannelReader<SpdyStream> Accepted => _accepted.Reader;

    /// <summary>Is cancelled when the client has left.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Reads frames until the client leaves.</summary>
    public async Task ReadAsync(CancellationToken cancellation)
    {
        var head = new byte[HeadBytes];
        try
        {
            while (await transport.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, cancellation) == HeadBytes)
            {
                var first = BinaryPrimitives.ReadInt32BigEndian(head);
                var flags = head[4];
                var length = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(4)) & 0xFFFFFF;
                if (first >= 0)
                    await ReadDataAsync(first, flags, length, cancellation);
                else if (!await ReadControlAsync((Control)(first & 0xFFFF), flags, length, cancellation))
                    break;
            }
        }
        catch (Exception gone) when (gone is IOException or InvalidDataException or OperationCanceledException or System.Net.WebSockets.WebSocketException or ObjectDisposedException)
        {
            // Broken or gone: either way there is nobody left to tell.
        }
        finally
        {
            _accepted.Writer.TryComplete();
            foreach (var stream in _streams.Values)
                await stream.EndInputAsync();
            await _closed.CancelAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await transport.DisposeAsync();
        foreach (var stream in _streams.Values)
            stream.Dispose();
        _headers.Dispose();
        _writing.Dispose();
        _closed.Dispose();
    }

    /// <summary>Both sides have finished the stream.</summary>
    internal void Forget(SpdyStream stream) => _streams.TryRemove(stream.Id, out _);

    internal async ValueTask WriteDataAsync(int stream, ReadOnlyMemory<byte> data, bool finish, CancellationToken cancellation)
    {
        var frame = new byte[HeadBytes + data.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, stream);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), data.Length | (finish ? Fin << 24 : 0));
        data.CopyTo(frame.AsMemory(HeadBytes));
        await WriteAsync(frame, cancellation);
    }

    private async Task ReadDataAsync(int id, byte flags, int length, CancellationToken cancellation)
    {
        _streams.TryGetValue(id, out var stream);
        var buffer = new byte[Math.Min(length, 32 * 1024)];
        while (length > 0)
        {
            var read = await transport.ReadAsync(buffer.AsMemory(0, Math.Min(length, buffer.Length)), cancellation);
            if (read == 0)
                throw new EndOfStreamException();
            length -= read;
            if (stream is not null)
                await stream.ReceiveAsync(buffer.AsMemory(0, read), cancellation);
        }
        if ((flags & Fin) != 0 && stream is not null)
            await stream.EndInputAsync();
    }

    private async Task<bool> ReadControlAsync(Control type, byte flags, int length, CancellationToken cancellation)
    {
        if (length > ControlBytesMax)
            throw new InvalidDataException($"a SPDY control frame of {length} bytes");
        var frame = new byte[length];
        await transport.ReadExactlyAsync(frame, cancellation);
        switch (type)
        {
            case Control.SynStream when length >= 10:
                var id = BinaryPrimitives.ReadInt32BigEndian(frame) & int.MaxValue;
                var headers = _headers.Read(frame.AsSpan(10));
                if (_streams.Count >= StreamsMax || _streams.ContainsKey(id))
                    throw new InvalidDataException("too many SPDY streams, or one opened twice");
                var stream = new SpdyStream(this, id, headers);
                _streams[id] = stream;
                if ((flags & Fin) != 0)
                    await stream.EndInputAsync();
                await WriteControlAsync(Control.SynReply, id, _headers.Write(), cancellation);
                await _accepted.Writer.WriteAsync(stream, cancellation);
                return true;
            case Control.RstStream when length >= 4:
                if (_streams.TryRemove(BinaryPrimitives.ReadInt32BigEndian(frame) & int.MaxValue, out var reset))
                    await reset.ResetAsync();
                return true;
            case Control.Ping when length >= 4:
                await WriteControlAsync(Control.Ping, BinaryPrimitives.ReadInt32BigEndian(frame), [], cancellation);
                return true;
            default:
                // SETTINGS, HEADERS, WINDOW_UPDATE: nothing that Kubernetes uses.
                return type != Control.GoAway;
        }
    }

    private async Task WriteControlAsync(Control type, int id, byte[] rest, CancellationToken cancellation)
    {
        var frame = new byte[HeadBytes + 4 + rest.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, unchecked((int)0x80030000) | (int)type);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), 4 + rest.Length);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(8), id);
        rest.CopyTo(frame.AsSpan(12));
        await WriteAsync(frame, cancellation);
    }

    private async Task WriteAsync(byte[] frame, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            await transport.WriteAsync(frame, cancellation);
            await transport.FlushAsync(cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }
}
