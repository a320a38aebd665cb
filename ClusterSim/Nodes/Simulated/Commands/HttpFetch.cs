using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Processes;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>An answer as wget and curl get it.</summary>
/// <param name="Status">The status code.</param>
/// <param name="StatusLine">The status line.</param>
/// <param name="Headers">The header lines.</param>
/// <param name="Body">The body.</param>
internal sealed record Fetched(int Status, string StatusLine, IReadOnlyList<string> Headers, byte[] Body);

/// <summary>One HTTP/1.1 request over the process's own network.</summary>
internal static class HttpFetch
{
    /// <summary>Sends a request and reads the whole answer, which counts against the program.</summary>
    /// <exception cref="SocketException">No connection came about.</exception>
    /// <exception cref="IOException">The answer is no HTTP, or broke off.</exception>
    /// <exception cref="AuthenticationException">The server's certificate is not trusted.</exception>
    public static async Task<Fetched> SendAsync(
        Command command, string method, Uri url, IReadOnlyList<(string Name, string Value)> headers, byte[]? body, CancellationToken timeout,
        X509Certificate2Collection? authorities = null)
    {
        await using var stream = await OpenAsync(command.Process, url, authorities, timeout);
        var head = new StringBuilder($"{method} {url.PathAndQuery} HTTP/1.1\r\n");
        var defaults = (ReadOnlySpan<(string, string)>)[("Host", url.IsDefaultPort ? url.Host : $"{url.Host}:{url.Port}"), ("User-Agent", "Wget"), ("Accept", "*/*"), ("Connection", "close")];
        foreach (var (name, value) in defaults)
            if (!headers.Any(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase)))
                head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        foreach (var (name, value) in headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        if (body is not null)
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        byte[] request = [.. Encoding.UTF8.GetBytes(head.Append("\r\n").ToString()), .. body ?? []];
        await stream.WriteAsync(request, timeout);
        await stream.FlushAsync(timeout);
        return await ReadAsync(command, stream, method == "HEAD", timeout);
    }

    /// <summary>A connection, with TLS for https. Without authorities every certificate is good, as with <c>curl -k</c> and busybox's wget.</summary>
    private static async Task<Stream> OpenAsync(ServiceProcess process, Uri url, X509Certificate2Collection? authorities, CancellationToken timeout)
    {
        var stream = await process.Network.DialAsync(url.Host, url.Port, timeout);
        if (url.Scheme != Uri.UriSchemeHttps)
            return stream;
#pragma warning disable CA5359 // what -k asks for
        var secured = new SslStream(stream, leaveInnerStreamOpen: false, (_, shown, _, errors) => authorities is null
            || (errors is SslPolicyErrors.None or SslPolicyErrors.RemoteCertificateChainErrors && shown is not null && IsSigned(shown, authorities)));
#pragma warning restore CA5359
        await secured.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = url.Host }, timeout);
        return secured;
    }

    private static bool IsSigned(X509Certificate shown, X509Certificate2Collection authorities)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var certificate = new X509Certificate2(shown);
        return chain.Build(certificate);
    }

    private static async Task<Fetched> ReadAsync(Command command, Stream stream, bool isHead, CancellationToken timeout)
    {
        using var received = new MemoryStream();
        var buffer = new byte[8192];
        var bodyAt = -1;
        List<string> lines = [];
        while (true)
        {
            if (bodyAt < 0 && received.GetBuffer().AsSpan(0, (int)received.Length).IndexOf("\r\n\r\n"u8) is var end and >= 0)
            {
                lines = [.. Encoding.Latin1.GetString(received.GetBuffer(), 0, end).Split("\r\n")];
                bodyAt = end + 4;
            }
            if (bodyAt >= 0 && (isHead || IsWhole(lines, received.GetBuffer().AsSpan(bodyAt, (int)received.Length - bodyAt))))
                break;
            var count = await stream.ReadAsync(buffer, timeout);
            if (count == 0)
                break;
            command.Memory.Charge(count); // until the program ends
            received.Write(buffer, 0, count);
        }
        var words = lines.Count > 0 ? lines[0].Split(' ', 3) : [];
        if (words.Length < 2 || !int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var status))
            throw new IOException("error getting response");
        var raw = received.ToArray()[bodyAt..];
        return new Fetched(status, lines[0], lines[1..], IsChunked(lines) ? Unchunked(raw) : raw);
    }

    private static bool IsWhole(List<string> lines, ReadOnlySpan<byte> body)
    {
        if (IsChunked(lines))
            return body.EndsWith("0\r\n\r\n"u8);
        var length = lines.Find(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
        return length is not null && body.Length >= (long.TryParse(length.Split(':')[1].Trim(), CultureInfo.InvariantCulture, out var declared) ? declared : throw new IOException("error getting response"));
    }

    private static bool IsChunked(List<string> lines) => lines.Exists(line =>
        line.StartsWith("Transfer-Encoding:", StringComparison.OrdinalIgnoreCase) && line.Contains("chunked", StringComparison.OrdinalIgnoreCase));

    private static byte[] Unchunked(ReadOnlySpan<byte> raw)
    {
        var body = new List<byte>();
        while (raw.IndexOf("\r\n"u8) is var end and >= 0)
        {
            if (!int.TryParse(Encoding.ASCII.GetString(raw[..end]).Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var length) || length < 0)
                throw new IOException("error getting response");
            if (length == 0 || length > raw.Length - end - 4)
                break;
            body.AddRange(raw.Slice(end + 2, length));
            raw = raw[(end + 4 + length)..];
        }
        return [.. body];
    }
}
