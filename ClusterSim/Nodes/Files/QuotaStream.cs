namespace ClusterSim.Nodes.Files;

/// <summary>A file that a program writes: it grows as far as its quota goes.</summary>
/// <param name="file">The file; it is closed with this stream.</param>
/// <param name="quota">The quota.</param>
internal sealed class QuotaStream(FileStream file, DiskQuota quota) : Stream
{
    // The blocks that are counted; what a write ends in is counted whole.
    private long _counted = FolderUsage.InBlocks(file.Length);

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => file.CanSeek;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => file.Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => file.Position;
        set => file.Position = value;
    }

    /// <inheritdoc/>
    /// <exception cref="FileSystemException">There is no space left.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Grow(file.Position + buffer.Length);
        file.Write(buffer);
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    /// <exception cref="FileSystemException">There is no space left. Holes count as if they were written.</exception>
    public override void SetLength(long value)
    {
        var isShorter = value < file.Length;
        Grow(value);
        file.SetLength(value);
        if (isShorter)
            quota.NoteRemoval();
    }

    /// <inheritdoc/>
    public override void Flush() => file.Flush();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => file.Seek(offset, origin);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            file.Dispose();
        base.Dispose(disposing);
    }

    private void Grow(long length)
    {
        var blocks = FolderUsage.InBlocks(length);
        if (blocks <= _counted)
            return;
        quota.Reserve(blocks - _counted);
        _counted = blocks;
    }
}
