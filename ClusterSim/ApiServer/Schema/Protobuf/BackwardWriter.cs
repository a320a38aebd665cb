using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace ClusterSim.Schema.Protobuf;

/// <summary>Writes a message from its end to its start, as Go's generated code does: a length is known when it is written.</summary>
internal sealed class BackwardWriter : IDisposable
{
    private const int VarintBytesMax = 10;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _start;

    /// <summary>A writer without bytes.</summary>
    public BackwardWriter() => _start = _buffer.Length;

    /// <summary>The number of bytes written.</summary>
    public int Length => _buffer.Length - _start;

    /// <summary>The bytes written.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(_start);

    /// <summary>Writes bytes before all others.</summary>
    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Writes a text in UTF-8.</summary>
    public void Text(string text) => Encoding.UTF8.GetBytes(text, Take(Encoding.UTF8.GetByteCount(text)));

    /// <summary>Writes eight bytes.</summary>
    public void Fixed64(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Take(sizeof(double)), value);

    /// <summary>Writes a number of 7 bits a byte.</summary>
    public void Varint(ulong value)
    {
        Span<byte> bytes = stackalloc byte[VarintBytesMax];
        var count = 0;
        for (; value >= 0x80; value >>= 7)
            bytes[count++] = (byte)(value | 0x80);
        bytes[count++] = (byte)value;
        Bytes(bytes[..count]);
    }

    /// <summary>Writes a field's number and wire type.</summary>
    public void Tag(int number, Google.Protobuf.WireFormat.WireType type) => Varint(((ulong)number << 3) | (uint)type);

    /// <summary>Writes the length and the tag of what has been written since <paramref name="end"/>.</summary>
    public void Close(int number, int end)
    {
        Varint((ulong)(Length - end));
        Tag(number, Google.Protobuf.WireFormat.WireType.LengthDelimited);
    }

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);

    private Span<byte> Take(int count)
    {
        if (count > _start)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, Length + count));
            Written.CopyTo(larger.AsSpan(larger.Length - Length));
            _start = larger.Length - Length;
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        _start -= count;
        return _buffer.AsSpan(_start, count);
    }
}
