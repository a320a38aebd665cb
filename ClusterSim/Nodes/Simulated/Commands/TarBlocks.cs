using System.Text;
using ClusterSim.Nodes.Containers;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>
/// An archive as it is read, without headers that make a reader allocate what they claim: names and attributes that go before an entry (types L, K, x
/// and g) are read into memory by their size. Every block is checked, as where a header begins depends on earlier ones.
/// </summary>
internal sealed class TarBlocks(Stream archive) : ReadOnlyStream
{
    private const int BlockBytes = 512;
    private const int SizeAt = 124;
    private const int SizeBytes = 12;
    private const int ChecksumAt = 148;
    private const int ChecksumBytes = 8;
    private const int TypeAt = 156;

    // A path has 4 KiB at most (PATH_MAX); attributes of files are of the same order.
    private const long SizeMax = 1024 * 1024;

    private readonly byte[] _block = new byte[BlockBytes];
    private int _held;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // A file is read synchronously (see PassOnAsync).
        var count = archive is FileStream ? archive.Read(buffer.Span) : await archive.ReadAsync(buffer, cancellationToken);
        for (var bytes = buffer[..count]; !bytes.IsEmpty;)
        {
            var taken = Math.Min(BlockBytes - _held, bytes.Length);
            bytes[..taken].CopyTo(_block.AsMemory(_held));
            bytes = bytes[taken..];
            _held = (_held + taken) % BlockBytes;
            if (_held == 0)
                Check();
        }
        return count;
    }

    private void Check()
    {
        if (_block[TypeAt] is not ((byte)'L' or (byte)'K' or (byte)'x' or (byte)'g') || Octal(_block.AsSpan(ChecksumAt, ChecksumBytes)) != Checksum())
            return;
        var size = _block.AsSpan(SizeAt, SizeBytes);
        // A number that octal digits cannot hold begins with a bit (GNU).
        if (size[0] >= 0x80 || Octal(size) is > SizeMax)
            throw new InvalidDataException($"a header of type {(char)_block[TypeAt]} claims more than {SizeMax} bytes");
    }

    private long Checksum()
    {
        var sum = 0L;
        for (var i = 0; i < BlockBytes; i++)
            sum += i is >= ChecksumAt and < ChecksumAt + ChecksumBytes ? ' ' : _block[i];
        return sum;
    }

    private static long? Octal(ReadOnlySpan<byte> digits)
    {
        var number = 0L;
        foreach (var digit in Encoding.Latin1.GetString(digits).Trim(' ', '\0'))
            if (digit is >= '0' and <= '7')
                number = (number * 8) + (digit - '0');
            else
                return null;
        return number;
    }
}
