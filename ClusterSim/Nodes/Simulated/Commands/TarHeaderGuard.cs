using ClusterSim.Nodes.Containers;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>
/// Reads an archive, and refuses one whose long names or extended headers are larger than any real one: the framework's reader holds them in memory,
/// by the size that they claim.
/// </summary>
/// <param name="archive">The archive.</param>
internal sealed class TarHeaderGuard(Stream archive) : ReadOnlyStream
{
    private const int BlockBytes = 512;
    private const int SizeAt = 124;
    private const int SizeLength = 12;
    private const int TypeAt = 156;
    private const long HeaderBytesMax = 1024 * 1024;

    private readonly byte[] _header = new byte[BlockBytes];
    private int _filled;
    private long _left;

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">A header claims too much.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = archive is FileStream ? archive.Read(buffer.Span) : await archive.ReadAsync(buffer, cancellationToken);
        Follow(buffer.Span[..count]);
        return count;
    }

    private void Follow(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_left > 0)
            {
                var skipped = (int)Math.Min(_left, bytes.Length);
                _left -= skipped;
                bytes = bytes[skipped..];
                continue;
            }
            var taken = Math.Min(BlockBytes - _filled, bytes.Length);
            bytes[..taken].CopyTo(_header.AsSpan(_filled));
            _filled += taken;
            bytes = bytes[taken..];
            if (_filled < BlockBytes)
                continue;
            _filled = 0;
            var size = SizeOf(_header.AsSpan(SizeAt, SizeLength));
            if (_header[TypeAt] is (byte)'x' or (byte)'g' or (byte)'L' or (byte)'K' && size > HeaderBytesMax)
                throw new InvalidDataException($"a header of {size} bytes");
            _left = (size + BlockBytes - 1) / BlockBytes * BlockBytes;
        }
    }

    /// <summary>Octal digits, or a binary number where the highest bit is set (the base-256 of GNU tar).</summary>
    private static long SizeOf(ReadOnlySpan<byte> field)
    {
        var size = 0L;
        var isBinary = (field[0] & 0x80) != 0;
        foreach (var one in isBinary ? field[1..] : field)
        {
            if (!isBinary && one is < (byte)'0' or > (byte)'7')
            {
                if (size == 0 && one == ' ')
                    continue;
                break;
            }
            size = isBinary ? (size << 8) | one : (size << 3) | (uint)(one - '0');
            if (size is < 0 or > long.MaxValue >> 9)
                throw new InvalidDataException("a size beyond all bounds");
        }
        return size;
    }
}
