using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using ClusterSim.Streaming.Spdy;

namespace ClusterSim.Tests.Api.Streaming;

/// <summary>The client's end of SPDY/3.1, as kubectl before 1.31 has it: opens streams, sends, receives, finishes.</summary>
internal sealed class SpdyClient : IAsyncDisposable
{
    private readonly SslStream _transport;
    private readonly SpdyHeaders _headers = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentDictionary<int, Channel<byte[]>> _incoming = new();
    private readonly Task _reading;
    private int _last = -1;

    private SpdyClient(SslStream transport)
    {
        _transport = transport;
        _reading = ReadAsync();
    }

    public static async Task<SpdyClient> ConnectAsync(Uri server, string token, string path, string protocol, CancellationToken cancellation)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(server.Host, server.Port, cancellation);
#pragma warning disable CA5359 // a server of this process
        var transport = new SslStream(socket.GetStream(), false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await transport.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = server.Host }, cancellation);
        await transport.WriteAsync(
            Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {server.Authority}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: {protocol}\r\nContent-Length: 0\r\n\r\n"),
            cancellation);
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await transport.ReadExactlyAsync(one, cancellation);
            head.Append((char)one[0]);
        }
        Assert.That(head.ToString(), Does.StartWith("HTTP/1.1 101 "));
        return new SpdyClient(transport);
    }

    public async Task<int> OpenAsync(params (string Name, string Value)[] headers)
    {
        await _writing.WaitAsync();
        try
        {
            var id = _last += 2;
            _incoming[id] = Channel.CreateUnbounded<byte[]>();
            var block = _headers.Write(headers);
            var frame = new byte[18 + block.Length];
            BinaryPrimitives.WriteUInt32BigEndian(frame, 0x80030001);
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(4), 10 + block.Length);
            BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(8), id);
            block.CopyTo(frame, 18);
            await _transport.WriteAsync(frame);
            return id;
        }
        finally
        {
            _writing.Release();
        }
    }

    public async Task SendAsync(int stream, ReadOnlyMemory<byte> data, bool finish)
    {
        await _writing.WaitAsync();
        try
        {
            var head = new byte[8];
            BinaryPrimitives.WriteInt32BigEndian(head, stream);
            BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(4), data.Length | (finish ? 1 << 24 : 0));
            await _transport.WriteAsync(head);
            await _transport.WriteAsync(data);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>All that comes on a stream until the server finishes it.</summary>
    public async Task<byte[]> ReadToEndAsync(int stream, CancellationToken cancellation)
    {
        using var all = new MemoryStream();
        await foreach (var part in _incoming[stream].Reader.ReadAllAsync(cancellation))
            all.Write(part);
        return all.ToArray();
    }

    public async ValueTask DisposeAsync()
    {
        await _transport.DisposeAsync();
        await _reading;
        _headers.Dispose();
        _writing.Dispose();
    }

    private async Task ReadAsync()
    {
        var head = new byte[8];
        try
        {
            while (true)
            {
                await _transport.ReadExactlyAsync(head);
                var first = BinaryPrimitives.ReadInt32BigEndian(head);
                var body = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(4)) & 0xFFFFFF];
                await _transport.ReadExactlyAsync(body);
                if (first < 0)
                    continue; // replies: nothing in them is needed
                _incoming[first].Writer.TryWrite(body);
                if ((head[4] & 1) != 0)
                    _incoming[first].Writer.TryComplete();
            }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or OperationCanceledException)
        {
            foreach (var (id, channel) in _incoming)
                channel.Writer.TryComplete(new IOException(string.Create(CultureInfo.InvariantCulture, $"the connection ended before stream {id}")));
        }
    }
}
