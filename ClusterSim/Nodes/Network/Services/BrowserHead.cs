using System.Buffers;
using System.Text;
using ClusterSim.Http.Browsers;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Network.Services;

/// <summary>
/// Checks the HTTP request that a connection to a Service's port begins with; bytes that are not HTTP/1.1 pass as they come. A browser's connection
/// carries one request: it is passed on with <c>Connection: close</c>, so that a later one cannot be of another page. Other callers' requests are not
/// changed.
/// </summary>
internal sealed class BrowserHead(BrowserCheck check)
{
    // More than servers accept: Kestrel 32 KiB, nginx 32 KiB.
    private const int HeadBytesMax = 64 * 1024;

    private static readonly byte[][] Methods =
        [.. ((string[])["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"]).Select(Encoding.ASCII.GetBytes)];

    private readonly ArrayBufferWriter<byte> _held = new();
    private bool _isPassing;

    /// <summary>Why the request is refused; null while it is not.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Takes bytes from the caller and returns those to pass on; none where more must come first, or where the request is refused.</summary>
    public ReadOnlyMemory<byte> Take(ReadOnlyMemory<byte> bytes)
    {
        if (_isPassing)
            return bytes;
        _held.Write(bytes.Span);
        var end = _held.WrittenSpan.IndexOf("\r\n\r\n"u8);
        if (end < 0 && MayBeHttp(_held.WrittenSpan))
        {
            if (_held.WrittenCount > HeadBytesMax)
                Refusal = $"the head of the request has more than {HeadBytesMax} bytes";
            return default;
        }
        _isPassing = true;
        return end >= 0 && MayBeHttp(_held.WrittenSpan) ? Checked(end) : _held.WrittenMemory;
    }

    /// <summary>Takes the caller's end and returns the bytes that were held.</summary>
    public ReadOnlyMemory<byte> Complete() => _isPassing || Refusal is not null ? default : _held.WrittenMemory;

    /// <summary>
    /// Whether bytes are, or begin like, the request line of a browser. What has no path yet is held only where it begins a usual method, so that a
    /// protocol of short words does not wait; a browser sends a line in one piece.
    /// </summary>
    private static bool MayBeHttp(ReadOnlySpan<byte> bytes)
    {
        var space = bytes.IndexOf((byte)' ');
        if (space < 0 || bytes.Length == space + 1)
            return BeginsMethod(space < 0 ? bytes : bytes[..space], isWhole: space >= 0);
        if (space == 0 || bytes[..space].IndexOfAnyExceptInRange((byte)'!', (byte)'~') >= 0 || bytes[space + 1] != (byte)'/')
            return false;
        var line = bytes.IndexOf((byte)'\n');
        return line < 0 || (bytes[line - 1] == (byte)'\r' && bytes[..line].LastIndexOf(" HTTP/1."u8) > 0);
    }

    private static bool BeginsMethod(ReadOnlySpan<byte> bytes, bool isWhole)
    {
        foreach (var method in Methods)
            if (isWhole ? bytes.SequenceEqual(method) : method.AsSpan().StartsWith(bytes))
                return true;
        return false;
    }

    private ReadOnlyMemory<byte> Checked(int end)
    {
        var lines = Encoding.Latin1.GetString(_held.WrittenSpan[..end]).Split("\r\n");
        IHeaderDictionary headers = new HeaderDictionary();
        foreach (var line in lines.Skip(1))
            if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon)
                headers.Append(line[..colon].Trim(), line[(colon + 1)..].Trim());
        var method = lines[0].Split(' ')[0];
        Refusal = check.Refuse(method, isHttps: false, new HostString(headers.Host.ToString()), headers);
        if (Refusal is not null)
            return default;
        if (!BrowserCheck.IsBrowser(headers) || headers.Upgrade.Count > 0)
            return _held.WrittenMemory;
        var changed = string.Join("\r\n", lines.Where(line => !line.StartsWith("Connection:", StringComparison.OrdinalIgnoreCase)).Append("Connection: close"));
        return (byte[])[.. Encoding.Latin1.GetBytes(changed), .. _held.WrittenSpan[end..]];
    }
}
