using System.Text;
using ClusterSim.Streaming;

namespace ClusterSim.Nodes.Containers;

/// <summary>
/// What one container instance wrote, line by line with times, bounded as a kubelet's log file is (10 MiB; the oldest lines go). A line is
/// in the log when its end is written, when it is longer than 16 KiB, or when the process ends.
/// </summary>
internal sealed class ContainerLog(TimeProvider clock)
{
    private const int BytesMax = 10 * 1024 * 1024;
    private const int LineBytesMax = 16 * 1024;

    private readonly Lock _lock = new();
    private Queue<Line>? _lines;
    private long _first;    // sequence number of the oldest line held
    private long _bytes;
    private bool _closed;
    private TaskCompletionSource? _more;

    /// <summary>Sees every byte as it is written; for attach.</summary>
    public event Action<bool, ReadOnlyMemory<byte>>? Written;

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
        lock (_lock)
        {
            _lines ??= new Queue<Line>();
            _lines.Enqueue(new Line(clock.GetUtcNow(), line.ToArray()));
            _bytes += line.Length;
            while (_bytes > BytesMax && _lines.Count > 1)
            {
                _bytes -= _lines.Dequeue().Bytes.Length;
                _first++;
            }
            wake = _more;
            _more = null;
        }
        wake?.TrySetResult();
    }

    private readonly record struct Line(DateTimeOffset Time, byte[] Bytes);

    private sealed class LogStream(ContainerLog log, bool isError) : WriteOnlyStream
    {
        private readonly Lock _writing = new();
        private readonly MemoryStream _partial = new();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            log.Written?.Invoke(isError, buffer.ToArray());
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
