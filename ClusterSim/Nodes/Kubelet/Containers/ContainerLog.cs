using System.Text;
using ClusterSim.Streaming;

namespace ClusterSim.Nodes.Containers;

/// <summary>
/// What one container instance wrote, line by line with times, bounded as a kubelet's log file is (<c>containerLogMaxSize</c>: 10 MiB; the oldest
/// lines go). A line is in the log when its end is written, when it is longer than 16 KiB, or when the process ends. The kubelet keeps
/// <c>containerLogMaxFiles</c> files but shows the newest alone; no others are kept here.
/// </summary>
/// <param name="clock">The clock of the node.</param>
/// <param name="budget">The memory of all logs.</param>
internal sealed class ContainerLog(TimeProvider clock, LogBudget budget)
{
    private const int BytesMax = 10 * 1024 * 1024;
    // What the runtime writes before each line: time, stream, tag (the CRI log format).
    private const int PrefixBytes = 45;
    private const int LineBytesMax = 16 * 1024;

    private readonly Lock _lock = new();
    private Queue<Line>? _lines;
    private long _first;    // sequence number of the oldest line held
    private long _bytes;
    private bool _closed;
    private bool _isRemoved;
    private TaskCompletionSource? _more;

    /// <summary>Those who see every byte as it is written: attached clients.</summary>
    public AttachedClients Attached { get; } = new();

    /// <summary>A stream that writes here. <paramref name="isError"/>: as standard error.</summary>
    public Stream Writer(bool isError) => new LogStream(this, isError);

    /// <summary>Nothing more comes: followers end.</summary>
    public void Close()
    {
        TaskCompletionSource? wake;
        lock (_lock)
        {
            _closed = true;
            wake = _more;
            _more = null;
        }
        wake?.TrySetResult();
    }

    /// <summary>Called when the log grows; null: nobody counts it.</summary>
    public Action<long>? Grown { get; set; }

    /// <summary>How large the log's file would be.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Drops all lines: the instance, or its pod, is gone.</summary>
    public void Remove()
    {
        lock (_lock)
        {
            if (_isRemoved)
                return;
            _isRemoved = true;
            if (_lines is not null)
                budget.Leave(_bytes);
            _first += _lines?.Count ?? 0;
            _lines = null;
        }
    }

    /// <summary>The last lines as text: what <c>terminationMessagePolicy: FallbackToLogsOnError</c> shows.</summary>
    public string Tail(int lines, int bytesMax)
    {
        lock (_lock)
        {
            var text = string.Concat((_lines ?? []).TakeLast(lines).Select(line => Encoding.UTF8.GetString(line.Bytes) + "\n"));
            return text.Length > bytesMax ? text[^bytesMax..] : text;
        }
    }

    /// <summary>Writes the log to <paramref name="output"/> as asked; with Follow until the container ends.</summary>
    public async Task CopyToAsync(LogOptions options, Stream output, CancellationToken cancellation)
    {
        var since = options.SinceTime ?? (options.SinceSeconds is { } seconds ? clock.GetUtcNow() - TimeSpan.FromSeconds(seconds) : DateTimeOffset.MinValue);
        var left = options.LimitBytes ?? long.MaxValue;
        var position = Start(options.TailLines);
        var batch = new List<Line>();
        while (true)
        {
            batch.Clear();
            Read(ref position, batch, out var more);
            foreach (var line in batch)
            {
                if (line.Time < since)
                    continue;
                var bytes = options.Timestamps ? [.. Encoding.ASCII.GetBytes(line.Time.StampNano() + " "), .. line.Bytes, (byte)'\n'] : (byte[])[.. line.Bytes, (byte)'\n'];
                var count = (int)Math.Min(bytes.Length, left);
                await output.WriteAsync(bytes.AsMemory(0, count), cancellation);
                left -= count;
                if (left == 0)
                    return;
            }
            if (batch.Count > 0)
            {
                await output.FlushAsync(cancellation);
                continue;
            }
            if (more is null || !options.Follow)
                return;
            await more.WaitAsync(cancellation);
        }
    }

    private long Start(long? tail)
    {
        lock (_lock)
        {
            var held = _lines?.Count ?? 0;
            return tail is { } lines ? _first + Math.Max(0, held - lines) : _first;
        }
    }

    /// <summary>Takes what is there from the position on, and the wait for more: null when nothing more comes.</summary>
    private void Read(ref long position, List<Line> into, out Task? more)
    {
        lock (_lock)
        {
            if (_lines is not null)
            {
                position = Math.Max(position, _first);
                into.AddRange(_lines.Skip((int)(position - _first)));
                position += into.Count;
            }
            more = _closed ? null : (_more ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void Append(ReadOnlySpan<byte> line)
    {
        TaskCompletionSource? wake;
        long grown;
        lock (_lock)
        {
            if (_isRemoved)
                return;
            if (_lines is null)
            {
                _lines = new Queue<Line>();
                budget.Join();
            }
            _lines.Enqueue(new Line(clock.GetUtcNow(), line.ToArray()));
            var before = _bytes;
            _bytes += PrefixBytes + line.Length;
            while ((_bytes > BytesMax || budget.IsTooLarge(_bytes)) && _lines.Count > 1)
            {
                _bytes -= PrefixBytes + _lines.Dequeue().Bytes.Length;
                _first++;
            }
            budget.Add(_bytes - before);
            grown = Math.Max(0, _bytes - before);
            wake = _more;
            _more = null;
        }
        if (grown > 0)
            Grown?.Invoke(grown);
        wake?.TrySetResult();
    }

    private readonly record struct Line(DateTimeOffset Time, byte[] Bytes);

    private sealed class LogStream(ContainerLog log, bool isError) : WriteOnlyStream
    {
        private readonly Lock _writing = new();
        private readonly MemoryStream _partial = new();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            log.Attached.Write(isError, buffer);
            Keep(buffer);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Keep(buffer.Span);
            return log.Attached.WriteAsync(isError, buffer);
        }

        private void Keep(ReadOnlySpan<byte> buffer)
        {
            lock (_writing)
            {
                while (buffer.Length > 0)
                {
                    var end = buffer.IndexOf((byte)'\n');
                    var part = end < 0 ? buffer : buffer[..end];
                    _partial.Write(part);
                    buffer = end < 0 ? default : buffer[(end + 1)..];
                    if (end >= 0 || _partial.Length >= LineBytesMax)
                        EndLine();
                }
            }
        }

        protected override void Dispose(bool disposing)
        {
            lock (_writing)
                if (_partial.Length > 0)
                    EndLine();
            base.Dispose(disposing);
        }

        private void EndLine()
        {
            log.Append(_partial.GetBuffer().AsSpan(0, (int)_partial.Length));
            _partial.SetLength(0);
        }
    }
}
