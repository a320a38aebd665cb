using System.IO.Pipelines;

namespace ClusterSim.Streaming.Spdy;

/// <summary>One stream that the client opened.</summary>
internal sealed class SpdyStream : IDisposable
{
    private const int DataBytesMax = 64 * 1024;

    private readonly SpdyConnection _connection;
    private readonly Pipe _incoming = StreamPipes.New();
    private readonly CancellationTokenSource _reset = new();
    private bool _inputEnded;
    private bool _finished;

    /// <summary>A stream of <paramref name="connection"/>.</summary>
    public SpdyStream(SpdyConnection connection, int id, IReadOnlyDictionary<string, string> headers)
    {
        _connection = connection;
        Id = id;
        Headers = headers;
        Input = _incoming.Reader.AsStream();
        Output = new OutgoingStream(SendAsync);
    }

    /// <summary>Its number.</summary>
    public int Id { get; }

    /// <summary>What the client said when it opened it; names in lower case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>What the client sends.</summary>
    public Stream Input { get; }

    /// <summary>What it receives.</summary>
    public Stream Output { get; }

    /// <summary>Is cancelled when the client wants no more of this stream.</summary>
    public CancellationToken Reset => _reset.Token;

    /// <summary>Nothing more will be sent.</summary>
    public async ValueTask FinishAsync(CancellationToken cancellation)
    {
        if (_finished)
            return;
        _finished = true;
        await _connection.WriteDataAsync(Id, default, finish: true, cancellation);
        if (_inputEnded)
            _connection.Forget(this);
    }

    /// <summary>What still comes is thrown away: nobody reads it any more, and the other streams must not wait for that.</summary>
    public ValueTask IgnoreAsync() => _incoming.Reader.CompleteAsync();

    /// <inheritdoc/>
    public void Dispose() => _reset.Dispose();

    internal ValueTask ReceiveAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation) => _incoming.WriteAsync(data, cancellation);

    internal async ValueTask EndInputAsync()
    {
        _inputEnded = true;
        await _incoming.Writer.CompleteAsync();
        if (_finished)
            _connection.Forget(this);
    }

    internal async ValueTask ResetAsync()
    {
        (_inputEnded, _finished) = (true, true);
        await _incoming.Writer.CompleteAsync();
        await _reset.CancelAsync();
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        while (!data.IsEmpty && !_finished)
        {
            var chunk = data[..Math.Min(data.Length, DataBytesMax)];
            await _connection.WriteDataAsync(Id, chunk, finish: false, cancellation);
            data = data[chunk.Length..];
        }
    }
}
