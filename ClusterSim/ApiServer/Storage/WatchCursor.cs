namespace ClusterSim.Storage;

/// <summary>One reader's place in a <see cref="WatchLog"/>. Not for several threads at once.</summary>
internal sealed class WatchCursor(WatchLog log, long position)
{
    private readonly StoreEvent[] _batch = new StoreEvent[64];
    private long _position = position;

    /// <summary>
    /// The next changes, at least one: waits for them. The memory is overwritten by the next call.
    /// </summary>
    /// <exception cref="WatchExpiredException">This reader fell behind the log.</exception>
    public async ValueTask<ReadOnlyMemory<StoreEvent>> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var read = TryRead(out var more);
            if (!read.IsEmpty)
                return read;
            await more.WaitAsync(cancellation);
        }
    }

    /// <summary>The changes that are there, none if none; <paramref name="more"/> completes when some come.</summary>
    /// <exception cref="WatchExpiredException">This reader fell behind the log.</exception>
    public ReadOnlyMemory<StoreEvent> TryRead(out Task more)
    {
        var count = log.Read(_position, _batch, out more);
        if (count < 0)
            throw new WatchExpiredException();
        _position += count;
        return _batch.AsMemory(0, count);
    }
}

/// <summary>Changes asked for are no longer held: list again, and watch from there (HTTP 410, reason Expired).</summary>
internal sealed class WatchExpiredException() : Exception("the changes since that revision are no longer held");
