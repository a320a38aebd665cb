namespace ClusterSim.Nodes.Containers;

/// <summary>The program's end of a terminal's output.</summary>
internal sealed class TerminalOutput(Terminal terminal, Stream shown) : Stream
{
    /// <summary>The terminal.</summary>
    public Terminal Terminal { get; } = terminal;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        shown.WriteAsync(Turned(buffer.Span) ?? buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => shown.Write(Turned(buffer.AsSpan(offset, count)) ?? buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush() => shown.Flush();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => shown.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // The log of the container behind it gets its last line without an end.
        if (disposing)
            shown.Dispose();
        base.Dispose(disposing);
    }

    private byte[]? Turned(ReadOnlySpan<byte> bytes)
    {
        var ends = Terminal.TurnsLineEnds ? bytes.Count((byte)'\n') : 0;
        if (ends == 0)
            return null;
        var turned = new byte[bytes.Length + ends];
        var at = 0;
        foreach (var one in bytes)
        {
            if (one == '\n')
                turned[at++] = (byte)'\r';
            turned[at++] = one;
        }
        return turned;
    }
}
