using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace ClusterSim.Network.Streams;

/// <summary>The end of a connection that dialled. One read and one write may run at the same time; disposal at any moment is safe.</summary>
internal sealed class WireStream : Stream, IHalfClose
{
    // What one write puts into the pipe before it waits for the reader: bounds the memory a huge write takes.
    private const int WriteChunkBytes = 32 * 1024;

    private readonly WireConnection _connection;
    private readonly PipeReader _reader;
    private readonly PipeWriter _writer;
    private Turnstile _reading;
    private Turnstile _writing;

    internal WireStream(WireConnection connection)
    {
        _connection = connection;
        _reader = connection.ToClient.Reader;
        _writer = connection.ToServer.Writer;
    }

    /// <summary>Between whom it runs.</summary>
    public WireHop Hop => _connection.Hop;

    /// <summary>Fires when this end was disposed, or the connection cut.</summary>
    internal CancellationToken Gone => _connection.Server.ConnectionClosed;

    /// <inheritdoc/>
    public override bool CanRead => !_reading.IsClosed;

    /// <inheritdoc/>
    public override bool CanWrite => !_writing.IsClosed;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Ends the outgoing direction: the other end reads to the end and may go on answering (TCP's FIN).</summary>
    public void CompleteWrites()
    {
        if (_writing.Close())
            _writer.Complete();
    }

    /// <summary>Cuts the connection (TCP's RST).</summary>
    public void Abort() => _connection.Abort();

    /// <summary>Says something in the other end's place, which must have nothing to say at the time.</summary>
    internal async ValueTask SayAsOtherEndAsync(ReadOnlyMemory<byte> bytes) => await _connection.ToClient.Writer.WriteAsync(bytes);

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_connection.IsAborted)
            return ValueTask.FromException<int>(WireConnection.Reset());
        _reading.Enter();
        var pending = _reader.ReadAsync(cancellationToken);
        return pending.IsCompletedSuccessfully ? new ValueTask<int>(Taken(pending.Result, buffer.Span)) : ReadSlowlyAsync(pending, buffer);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_connection.IsAborted)
            throw WireConnection.Reset();
        _writing.Enter();
        try
        {
            while (buffer.Length > 0)
            {
                var chunk = buffer.Length > WriteChunkBytes ? buffer[..WriteChunkBytes] : buffer;
                var flushed = await _writer.WriteAsync(chunk, cancellationToken);
                if (_connection.IsAborted)
                    throw WireConnection.Reset();
                ObjectDisposedException.ThrowIf(flushed.IsCanceled, this);
                if (flushed.IsCompleted)
                    throw new IOException("Broken pipe", new SocketException((int)SocketError.Shutdown));
                buffer = buffer[chunk.Length..];
            }
        }
        finally
        {
            if (_writing.Leave())
                _writer.Complete();
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override void Flush()
    {
        // Every write is flushed.
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_reading.IsClosed)
        {
            if (_writing.Close())
                _writer.Complete();
            else
                _writer.CancelPendingFlush();
            if (_reading.Close())
                _reader.Complete();
            else
                _reader.CancelPendingRead();
            _connection.Server.OnPeerGone();
            _connection.EndClosed();
        }
        base.Dispose(disposing);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadSlowlyAsync(ValueTask<ReadResult> pending, Memory<byte> buffer)
    {
        ReadResult result;
        try
        {
            result = await pending;
        }
        catch
        {
            if (_reading.Leave())
                _reader.Complete();
            throw;
        }
        return Taken(result, buffer.Span);
    }

    private int Taken(in ReadResult result, Span<byte> buffer)
    {
        try
        {
            var available = result.Buffer;
            var count = (int)Math.Min(available.Length, buffer.Length);
            var taken = available.Slice(0, count);
            if (_connection.IsAborted || result.IsCanceled)
            {
                _reader.AdvanceTo(available.Start);
                if (_connection.IsAborted)
                    throw WireConnection.Reset();
                ObjectDisposedException.ThrowIf(_reading.IsClosed, this);
                throw new OperationCanceledException();
            }
            System.Buffers.BuffersExtensions.CopyTo(taken, buffer);
            _reader.AdvanceTo(taken.End);
            return count;
        }
        finally
        {
            if (_reading.Leave())
                _reader.Complete();
        }
    }
}
