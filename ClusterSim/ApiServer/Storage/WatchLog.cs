namespace ClusterSim.Storage;

/// <summary>
/// The last changes of one resource, in order, for any number of readers at their own pace. Bounded: a reader that falls behind by more
/// than the log holds is told so (a watch then answers 410, an informer lists again) and holds nobody up.
/// </summary>
/// <param name="capacity">How many changes are held at most.</param>
/// <param name="bytesMax">How many bytes of documents, as long as there are more than <paramref name="least"/>.</param>
/// <param name="least">How many changes are held whatever their size.</param>
internal sealed class WatchLog(int capacity, long bytesMax, int least)
{
    private readonly Lock _lock = new();
    private StoreEvent[] _ring = new StoreEvent[Math.Min(64, capacity)];
    private long _next;      // sequence number of the next event
    private long _first;     // sequence number of the oldest event held
    private long _bytes;     // of the documents held
    private long _forgotten; // revision of the newest event no longer held
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Adds a change and wakes the readers.</summary>
    public void Append(StoreEvent change)
    {
        TaskCompletionSource wake;
        lock (_lock)
        {
            if (_next - _first == _ring.Length)
            {
                if (_ring.Length < capacity)
                    Grow();
                else
                    ForgetFirst();
            }
            _ring[_next++ % _ring.Length] = change;
            _bytes += change.Document.Utf8.Length;
            while (_bytes > bytesMax && _next - _first > least)
                ForgetFirst();
            wake = _more;
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        wake.TrySetResult();
    }

    /// <summary>The position just after <paramref name="revision"/>; false where changes since then are no longer held.</summary>
    public bool TrySeek(long revision, out long position)
    {
        lock (_lock)
        {
            position = _next;
            if (revision < _forgotten)
                return false;
            var (low, high) = (_first, _next);
            while (low < high)
            {
                var middle = low + ((high - low) / 2);
                if (_ring[middle % _ring.Length].Document.Revision <= revision)
                    low = middle + 1;
                else
                    high = middle;
            }
            position = low;
            return true;
        }
    }

    /// <summary>
    /// Copies what is there from <paramref name="position"/> on into <paramref name="into"/>; returns how many, and the wait for more when
    /// none, or −1 when the reader has fallen behind the log.
    /// </summary>
    public int Read(long position, Span<StoreEvent> into, out Task more)
    {
        lock (_lock)
        {
            more = _more.Task;
            if (position < _first)
                return -1;
            var count = (int)Math.Min(into.Length, _next - position);
            for (var i = 0; i < count; i++)
                into[i] = _ring[(position + i) % _ring.Length];
            return count;
        }
    }

    private void ForgetFirst()
    {
        ref var first = ref _ring[_first++ % _ring.Length];
        _forgotten = first.Document.Revision;
        _bytes -= first.Document.Utf8.Length;
        first = null!;
    }

    private void Grow()
    {
        var grown = new StoreEvent[Math.Min(capacity, _ring.Length * 2)];
        for (var sequence = _first; sequence < _next; sequence++)
            grown[sequence % grown.Length] = _ring[sequence % _ring.Length];
        _ring = grown;
    }
}
