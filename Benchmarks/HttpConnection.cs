using System.Buffers.Text;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Benchmarks;

/// <summary>
/// One kept-alive TLS connection that does as little as a client can: it sends bytes that were made before, and reads answers no further than
/// their status and length. What SocketsHttpHandler or a scripting language would spend, the server has.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly TcpClient _socket = new() { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 * 1024];
    private SslStream? _stream;
    private int _start;
    private int _end;

    public async Task ConnectAsync(Uri server, X509Certificate2 authority)
    {
        await _socket.ConnectAsync(server.Host, server.Port);
        _stream = new SslStream(_socket.GetStream());
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(authority);
        await _stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = server.Host,
            CertificateChainPolicy = policy,
            ApplicationProtocols = [SslApplicationProtocol.Http11],
        });
    }

    /// <summary>Sends a request and reads the whole answer; returns its status.</summary>
    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> request)
    {
        await _stream!.WriteAsync(request);
        var head = await ReadHeadAsync();
        var status = int.Parse(head.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);
        var length = head.IndexOf("content-length:", StringComparison.OrdinalIgnoreCase);
        if (length >= 0)
        {
            var from = length + "content-length:".Length;
            await SkipAsync(long.Parse(head.AsSpan(from, head.IndexOf('\r', from) - from).Trim(), System.Globalization.CultureInfo.InvariantCulture));
            return status;
        }
        if (!head.Contains("transfer-encoding: chunked", StringComparison.OrdinalIgnoreCase))
            throw new InvalidDataException($"an answer of no known length: {head}");
        int size;
        do
        {
            size = await ReadChunkSizeAsync();
            await SkipAsync(size + 2);
        }
        while (size > 0);
        return status;
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _socket.Dispose();
    }

    private async ValueTask<string> ReadHeadAsync()
    {
        while (true)
        {
            var at = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8);
            if (at >= 0)
            {
                var head = Encoding.ASCII.GetString(_buffer, _start, at + 2);
                _start += at + 4;
                return head;
            }
            await FillAsync();
        }
    }

    private async ValueTask<int> ReadChunkSizeAsync()
    {
        while (true)
        {
            var at = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
            if (at >= 0)
            {
                if (!Utf8Parser.TryParse(_buffer.AsSpan(_start, at), out int size, out _, 'x'))
                    throw new InvalidDataException("a chunk without its size");
                _start += at + 2;
                return size;
            }
            await FillAsync();
        }
    }

    private async ValueTask SkipAsync(long count)
    {
        while (true)
        {
            var here = (int)Math.Min(count, _end - _start);
            _start += here;
            count -= here;
            if (count == 0)
                return;
            await FillAsync();
        }
    }

    private async ValueTask FillAsync()
    {
        if (_start == _end)
            _start = _end = 0;
        else if (_end == _buffer.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        var read = await _stream!.ReadAsync(_buffer.AsMemory(_end));
        if (read == 0)
            throw new EndOfStreamException("the server closed the connection");
        _end += read;
    }
}
