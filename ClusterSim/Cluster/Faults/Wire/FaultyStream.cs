using System.Runtime.CompilerServices;
using ClusterSim.Network.Streams;

namespace ClusterSim.Faults.Wire;

/// <summary>
/// The dialling end of a connection between two pods, with what goes wrong on it. While nothing does, bytes pass as they come. What is asked
/// is looked at before it leaves; what is answered after it came, and before anybody sees it: a read that waited when the fault began is struck too.
/// </summary>
internal sealed class FaultyStream(WireFaults faults, WireStream inner) : Stream, IHalfClose
{
    private readonly HttpRequestGate _requests = new();
    private WireFault[]? _seen;
    private WireFault[] _mine = [];
    private ReadOnlyMemory<byte> _held;
    private byte[]? _answerInstead;
    private int? _untilReset;
    private bool _answerBegins = true;

    /// <inheritdoc/>
    public override bool CanRead => inner.CanRead;

    /// <inheritdoc/>
    public override bool CanWrite => inner.CanWrite;

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

    /// <inheritdoc/>
    public void CompleteWrites() => inner.CompleteWrites();

    /// <inheritdoc/>
    public void Abort() => inner.Abort();

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _answerBegins = true;
        return Mine().Length == 0 && !_requests.IsHolding ? inner.WriteAsync(buffer, cancellationToken) : WriteFaultilyAsync(buffer, cancellationToken);
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_held.IsEmpty)
            return await TrickleAsync(buffer, cancellationToken);
        if (_untilReset == 0)
            throw Cut("the connection reset within the answer");
        var count = await inner.ReadAsync(buffer, cancellationToken);
        return (Mine().Length == 0 && _answerInstead is null && _untilReset is null) || buffer.Length == 0
            ? count
            : await ReadFaultilyAsync(buffer, count, cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The faults that concern this connection now.</summary>
    private WireFault[] Mine()
    {
        var all = faults.All;
        if (!ReferenceEquals(all, _seen))
            (_seen, _mine) = (all, all.Length == 0 ? all : Array.FindAll(all, fault => fault.Travels(inner.Hop) != Ways.None));
        return _mine;
    }

    private async ValueTask WriteFaultilyAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellation)
    {
        if (_requests.IsHolding || Mine().OfType<Answer>().Any(answer => answer.Asks(inner.Hop)))
        {
            if (_requests.Take(buffer) is not { } request)
                return;
            if (_requests.IsRequest && Mine().OfType<Answer>().FirstOrDefault(answer => answer.Asks(inner.Hop) && answer.Strikes(request.Span)) is { } struck)
            {
                faults.Struck?.Invoke(inner.Hop, $"answered {struck.Given.Status} in its place, the request {(struck.Given.AfterCarriedOut ? "carried out" : "not passed on")}");
                if (!struck.Given.AfterCarriedOut)
                {
                    await inner.SayAsOtherEndAsync(struck.Given.ToBytes(closes: false));
                    return;
                }
                _answerInstead = struck.Given.ToBytes(closes: true);
            }
            buffer = request;
        }
        await ArriveAsync(Ways.Up, cancellation);
        while (Mine().OfType<Trickle>().FirstOrDefault(trickle => trickle.Travels(inner.Hop).HasFlag(Ways.Up)) is { } slow && buffer.Length > 0)
        {
            var (bytes, takes) = slow.Next();
            var piece = buffer[..Math.Min(bytes, buffer.Length)];
            await inner.WriteAsync(piece, cancellation);
            buffer = buffer[piece.Length..];
            await Task.Delay(takes, faults.Clock, cancellation);
        }
        if (buffer.Length > 0)
            await inner.WriteAsync(buffer, cancellation);
    }

    private async ValueTask<int> ReadFaultilyAsync(Memory<byte> buffer, int count, CancellationToken cancellation)
    {
        await ArriveAsync(Ways.Down, cancellation);
        if (count == 0)
            return 0;
        if (_answerInstead is { } instead)
        {
            // The server's own answer is thrown away, and its connection with it: where it ends need not be known.
            _answerInstead = null;
            var given = Math.Min(instead.Length, buffer.Length);
            instead.AsMemory(0, given).CopyTo(buffer);
            _held = instead.AsMemory(given);
            _untilReset = 0;
            return given;
        }
        if (_answerBegins)
        {
            _answerBegins = false;
            if (_untilReset is null && Mine().OfType<Reset>().FirstOrDefault(reset => reset.Asks(inner.Hop) && reset.Strikes()) is { } struck)
                _untilReset = struck.AfterBytes;
        }
        if (_untilReset is { } left)
        {
            if (left == 0)
                throw Cut("answer dropped, the request carried out");
            count = Math.Min(count, left);
            _untilReset = left - count;
        }
        if (Mine().OfType<Trickle>().Any(trickle => trickle.Travels(inner.Hop).HasFlag(Ways.Down)))
        {
            _held = buffer[..count].ToArray();
            return await TrickleAsync(buffer, cancellation);
        }
        return count;
    }

    /// <summary>Gives what is held back: by and by, or at once where nothing trickles any more.</summary>
    private async ValueTask<int> TrickleAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        if (buffer.Length == 0)
            return 0;
        var count = Math.Min(_held.Length, buffer.Length);
        if (Mine().OfType<Trickle>().FirstOrDefault(trickle => trickle.Travels(inner.Hop).HasFlag(Ways.Down)) is { } slow)
        {
            var (bytes, takes) = slow.Next();
            count = Math.Min(count, bytes);
            await Task.Delay(takes, faults.Clock, cancellation);
        }
        _held[..count].CopyTo(buffer);
        _held = _held[count..];
        return count;
    }

    /// <summary>Waits as long as bytes of that direction do: delays, then every partition.</summary>
    private async ValueTask ArriveAsync(Ways way, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, inner.Gone);
        try
        {
            foreach (var delay in Mine().OfType<Delay>().Where(delay => delay.Travels(inner.Hop).HasFlag(way)))
                await Task.Delay(delay.Next(), faults.Clock, either.Token);
            var isToldOf = false;
            while (true)
            {
                var changed = faults.Changed;
                if (!Array.Exists(Mine(), fault => fault is Partition && fault.Travels(inner.Hop).HasFlag(way)))
                    return;
                if (!isToldOf)
                    faults.Struck?.Invoke(inner.Hop, way == Ways.Up ? "held back by a partition on the way there" : "held back by a partition on the way back");
                isToldOf = true;
                await changed.WaitAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when (inner.Gone.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw WireConnection.Reset();
        }
    }

    private Exception Cut(string how)
    {
        faults.Struck?.Invoke(inner.Hop, how);
        inner.Abort();
        return WireConnection.Reset();
    }
}
