using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ClusterSim.Streaming.Spdy;

/// <summary>
/// Header blocks of one connection. What comes in is one zlib stream with a preset dictionary; .NET's inflater takes none, so the dictionary
/// goes before the stream as a stored block, whose output is thrown away. What goes out is one zlib stream of stored blocks: any
/// inflater reads it, and there is next to nothing to compress.
/// </summary>
internal sealed class SpdyHeaders : IDisposable
{
    private const int HeadersMax = 64;
    private const int TextBytesMax = 16 * 1024;
    private const byte HasDictionary = 0x20;

    private readonly MemoryStream _compressed = new();
    private readonly DeflateStream _inflating;
    private bool _begun;
    private bool _answering;

    /// <summary>A connection's headers, none read yet.</summary>
    public SpdyHeaders() => _inflating = new DeflateStream(_compressed, CompressionMode.Decompress);

    /// <summary>Reads the next block; names are lower case.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    public IReadOnlyDictionary<string, string> Read(ReadOnlySpan<byte> block)
    {
        if (!_begun)
        {
            _begun = true;
            if (block.Length < 2)
                throw new InvalidDataException("a SPDY header block without zlib header");
            block = block[((block[1] & HasDictionary) != 0 ? 6 : 2)..];
            Feed(Stored(SpdyDictionary.Bytes));
            _inflating.ReadExactly(new byte[SpdyDictionary.Bytes.Length]);
        }
        Feed(block);
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        var count = Number();
        if (count > HeadersMax)
            throw new InvalidDataException($"a SPDY frame has {count} headers, at most {HeadersMax} are read");
        for (var i = 0; i < count; i++)
        {
            var name = Text();
            headers[name] = Text();
        }
        return headers;
    }

    /// <summary>Writes a block.</summary>
    public byte[] Write(params ReadOnlySpan<(string Name, string Value)> headers)
    {
        using var plain = new MemoryStream();
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, headers.Length);
        plain.Write(number);
        foreach (var (name, value) in headers)
            foreach (var text in (ReadOnlySpan<string>)[name, value])
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                BinaryPrimitives.WriteInt32BigEndian(number, bytes.Length);
                plain.Write(number);
                plain.Write(bytes);
            }
        // The empty block is zlib's sync flush: without it Go's inflater holds back what it has.
        byte[] block = [.. Stored(plain.ToArray()), .. Stored([])];
        if (_answering)
            return block;
        _answering = true;
        // Deflate with a 32 KiB window, no dictionary.
        return [0x78, 0x01, .. block];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inflating.Dispose();
        _compressed.Dispose();
    }

    private static byte[] Stored(ReadOnlySpan<byte> bytes)
    {
        var block = new byte[5 + bytes.Length];
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(1), (ushort)bytes.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(3), (ushort)~bytes.Length);
        bytes.CopyTo(block.AsSpan(5));
        return block;
    }

    private void Feed(ReadOnlySpan<byte> bytes)
    {
        // What the inflater has not taken yet stays before what comes.
        var left = _compressed.ToArray().AsSpan((int)_compressed.Position);
        _compressed.SetLength(0);
        _compressed.Position = 0;
        _compressed.Write(left);
        _compressed.Write(bytes);
        _compressed.Position = 0;
    }

    private int Number()
    {
        Span<byte> number = stackalloc byte[4];
        Fill(number);
        return BinaryPrimitives.ReadInt32BigEndian(number) is >= 0 and var read ? read : throw new InvalidDataException("a SPDY header with a negative length");
    }

    private string Text()
    {
        var length = Number();
        if (length > TextBytesMax)
            throw new InvalidDataException($"a SPDY header of {length} bytes, at most {TextBytesMax} are read");
        var bytes = new byte[length];
        Fill(bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private void Fill(Span<byte> into)
    {
        try
        {
            _inflating.ReadExactly(into);
        }
        catch (EndOfStreamException end)
        {
            throw new InvalidDataException("a SPDY header block ends in the middle of a header", end);
        }
    }
}
