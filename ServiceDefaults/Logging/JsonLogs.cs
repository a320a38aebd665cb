using System.Buffers;
using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace ServiceDefaults.Logging;

/// <summary>
/// Structured logs on a process's standard output: one JSON object a line. Callers never wait: records queue, one task writes them; when
/// the reader is too slow and <see cref="QueueMax"/> records wait, the oldest are dropped and their number is told.
/// </summary>
internal sealed class JsonLogs : ILoggerProvider, IAsyncDisposable
{
    private const int QueueMax = 8192;
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly Channel<byte[]> _queue;
    private readonly Stream _output;
    private readonly TimeProvider _clock;
    private readonly Task _writer;
    private readonly CancellationTokenSource _abandon = new();
    private long _dropped;

    public JsonLogs(Stream output, TimeProvider clock)
    {
        (_output, _clock) = (output, clock);
        _queue = Channel.CreateBounded<byte[]>(
            new BoundedChannelOptions(QueueMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest },
            _ => Interlocked.Increment(ref _dropped));
        _writer = Task.Run(WriteAsync);
    }

    public ILogger CreateLogger(string categoryName) => new JsonLogger(this, categoryName);

    /// <summary>Ends without writing what still waits: the process was killed.</summary>
    public void Abandon() => _abandon.Cancel();

    public void Dispose() => _queue.Writer.TryComplete();

    /// <summary>Writes what still waits, then ends. The stream stays the owner's.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writer;
        _abandon.Dispose();
    }

    private async Task WriteAsync()
    {
        var batch = new ArrayBufferWriter<byte>(4096);
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_abandon.Token))
            {
                batch.ResetWrittenCount();
                if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
                    batch.Write(Record(LogLevel.Warning, typeof(JsonLogs).FullName!, default, "Log records dropped: the output is too slow", [new("Count", dropped)], null));
                while (batch.WrittenCount < 64 * 1024 && _queue.Reader.TryRead(out var line))
                    batch.Write(line);
                await _output.WriteAsync(batch.WrittenMemory, _abandon.Token);
                await _output.FlushAsync(_abandon.Token);
            }
        }
        catch (Exception fault) when (fault is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Nobody reads the output any more; a service outlives that.
            _queue.Writer.TryComplete();
        }
    }

    private byte[] Record(LogLevel level, string category, EventId id, string message, IReadOnlyList<KeyValuePair<string, object?>>? data, Exception? exception)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, JsonOptions))
        {
            json.WriteStartObject();
            json.WriteString("time"u8, _clock.GetUtcNow().UtcDateTime);
            json.WriteString("level"u8, Name(level));
            json.WriteString("category"u8, category);
            if (id.Name is { Length: > 0 } name)
                json.WriteString("event"u8, name);
            json.WriteString("message"u8, message);
            if (Activity.Current is { } activity)
            {
                json.WriteString("trace"u8, activity.TraceId.ToHexString());
                json.WriteString("span"u8, activity.SpanId.ToHexString());
            }

            WriteData(json, data);
            if (exception is not null)
                json.WriteString("error"u8, exception.ToString());
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteData(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>>? data)
    {
        if (data is null)
            return;
        var open = false;
        for (var i = 0; i < data.Count; i++)
        {
            var (key, value) = data[i];
            if (key == "{OriginalFormat}")
                continue;
            if (!open)
                json.WriteStartObject("data"u8);
            open = true;
            json.WritePropertyName(key);
            switch (value)
            {
                case null: json.WriteNullValue(); break;
                case bool flag: json.WriteBooleanValue(flag); break;
                case int number: json.WriteNumberValue(number); break;
                case long number: json.WriteNumberValue(number); break;
                case decimal number: json.WriteNumberValue(number); break;
                case double number when double.IsFinite(number): json.WriteNumberValue(number); break;
                default: json.WriteStringValue(value.ToString()); break;
            }
        }

        if (open)
            json.WriteEndObject();
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "critical",
    };

    private sealed class JsonLogger(JsonLogs logs, string category) : ILogger
    {
        // The trace ties records of one request together; scopes would repeat its path in each.
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel != LogLevel.None)
                logs._queue.Writer.TryWrite(logs.Record(logLevel, category, eventId, formatter(state, exception), state as IReadOnlyList<KeyValuePair<string, object?>>, exception));
        }
    }
}
