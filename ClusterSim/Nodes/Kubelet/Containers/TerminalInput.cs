using System.Threading.Channels;

namespace ClusterSim.Nodes.Containers;

/// <summary>The program's end of a terminal's input. An end typed with Ctrl-D is read once; the next read waits for the next line.</summary>
internal sealed class TerminalInput(Terminal terminal, ChannelReader<byte[]> lines) : ReadOnlyStream
{
    private ReadOnlyMemory<byte> _left;

    /// <summary>The terminal.</summary>
    public Terminal Terminal { get; } = terminal;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_left.IsEmpty)
        {
            if (!await lines.WaitToReadAsync(cancellationToken) || !lines.TryRead(out var line))
                return 0;
            _left = line;
        }
        var count = Math.Min(buffer.Length, _left.Length);
        _left[..count].CopyTo(buffer);
        _left = _left[count..];
        return count;
    }

    /// <summary>Drops what was typed ahead.</summary>
    public void Flush(bool typedAhead)
    {
        _left = default;
        while (typedAhead && lines.TryRead(out _))
        {
            // Thrown away.
        }
    }
}
