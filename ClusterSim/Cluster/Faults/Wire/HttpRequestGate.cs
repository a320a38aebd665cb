using System.Buffers;
using System.Buffers.Text;

namespace ClusterSim.Faults.Wire;

/// <summary>
/// Holds a request of HTTP/1.1 back until it is complete, so that it can be judged as a whole. Knows no more of HTTP than that takes:
/// requests of a Content-Length or without a body, one after the other. What does not begin like a request passes as it comes.
/// </summary>
internal sealed class HttpRequestGate
{
    private static readonly byte[][] Methods = [.. ((string[])["GET ", "POST ", "PUT ", "DELETE ", "PATCH ", "HEAD "]).Select(System.Text.Encoding.ASCII.GetBytes)];
    private readonly ArrayBufferWriter<byte> _held = new();

    /// <summary>Whether part of a request is held.</summary>
    public bool IsHolding => _held.WrittenCount > 0;

    /// <summary>Whether what was given back last is a whole request.</summary>
    public bool IsRequest { get; private set; }

    /// <summary>Takes bytes; gives back what may go on, null where more must come first.</summary>
    public ReadOnlyMemory<byte>? Take(ReadOnlyMemory<byte> bytes)
    {
        IsRequest = false;
        if (!IsHolding && !Array.Exists(Methods, method => bytes.Span.StartsWith(method)))
            return bytes;
        _held.Write(bytes.Span);
        if (LengthOf(_held.WrittenSpan) is not { } length || _held.WrittenCount < length)
            return null;
        IsRequest = true;
        var request = _held.WrittenMemory.ToArray();
        _held.ResetWrittenCount();
        return request;
    }

    private static int? LengthOf(ReadOnlySpan<byte> request)
    {
        var end = request.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return null;
        var head = request[..end];
        while (head.IndexOf("\r\n"u8) is >= 0 and var line)
        {
            head = head[(line + 2)..];
            var name = "content-length:"u8;
            if (head.Length > name.Length && System.Text.Ascii.EqualsIgnoreCase(head[..name.Length], name)
                && Utf8Parser.TryParse(head[name.Length..].TrimStart((byte)' '), out int length, out _))
                return end + 4 + length;
        }
        return end + 4;
    }
}
