using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace ClusterSim.Network.Streams;

/// <summary>What the accepting end reads: the pipe, and a connection reset once the connection was cut.</summary>
internal sealed class WirePipeReader(WireConnection connection) : PipeReader
{
    private readonly PipeReader _inner = connection.ToServer.Reader;

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => _inner.AdvanceTo(consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _inner.AdvanceTo(consumed, examined);

    /// <inheritdoc/>
    public override void CancelPendingRead() => _inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => _inner.Complete(exception);

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (connection.IsAborted)
            return ValueTask.FromException<ReadResult>(WireConnection.Reset());
        var pending = _inner.ReadAsync(cancellationToken);
        if (!pending.IsCompletedSuccessfully)
            return ReadSlowlyAsync(pending);
        var result = pending.Result;
        return Checked(result) ? new ValueTask<ReadResult>(result) : ValueTask.FromException<ReadResult>(WireConnection.Reset());
    }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result)
    {
        if (connection.IsAborted)
            throw WireConnection.Reset();
        return _inner.TryRead(out result) && (Checked(result) ? true : throw WireConnection.Reset());
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadSlowlyAsync(ValueTask<ReadResult> pending)
    {
        var result = await pending;
        return Checked(result) ? result : throw WireConnection.Reset();
    }

    private bool Checked(in ReadResult result)
    {
        if (!connection.IsAborted)
            return true;
        _inner.AdvanceTo(result.Buffer.Start);
        return false;
    }
}

/// <summary>What the accepting end writes. After a cut it is as if the reader had gone: flushes say so, as Kestrel expects of a transport.</summary>
internal sealed class WirePipeWriter(WireConnection connection) : PipeWriter
{
    private static readonly FlushResult Gone = new(isCanceled: false, isCompleted: true);

    private readonly PipeWriter _inner = connection.ToClient.Writer;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _inner.UnflushedBytes;

    /// <inheritdoc/>
    public override void Advance(int bytes) => _inner.Advance(bytes);

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _inner.CancelPendingFlush();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null)
    {
        if (exception is not null)
            connection.Abort();
        _inner.Complete();
    }

    /// <inheritdoc/>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (connection.IsAborted)
            return new ValueTask<FlushResult>(Gone);
        var pending = _inner.FlushAsync(cancellationToken);
        return pending.IsCompletedSuccessfully && !connection.IsAborted ? new ValueTask<FlushResult>(pending.Result) : FlushSlowlyAsync(pending);
    }

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) => _inner.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => _inner.GetSpan(sizeHint);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<FlushResult> FlushSlowlyAsync(ValueTask<FlushResult> pending)
    {
        var result = await pending;
        return connection.IsAborted ? Gone : result;
    }
}
