using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using PaymentProvider;
using Processes;

namespace ServiceDefaults.Tests;

/// <summary>The provider as a process, with everything a process gets: its environment, output, network, stop and kill.</summary>
internal sealed class RunningService : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _kill = new();

    private RunningService(MemoryListener listener, IReadOnlyDictionary<string, string> environment, string? socketDirectory)
    {
        Listener = listener;
        Ended = PaymentProviderService.RunAsync(new ServiceProcess
        {
            Environment = environment,
            Output = Output,
            Error = Error,
            Network = new Network(listener, socketDirectory),
            Stop = _stop.Token,
            Killed = _kill.Token,
        });
        Client = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, cancellation) => await listener.ConnectAsync(cancellation) })
        {
            BaseAddress = new Uri("http://service"),
            Timeout = TimeSpan.FromSeconds(20),
        };
    }

    public MemoryListener Listener { get; }

    public Task<int> Ended { get; }

    public HttpClient Client { get; }

    public Collected Output { get; } = new();

    public Collected Error { get; } = new();

    public static RunningService Start(string database, params (string Name, string Value)[] settings) => Start(database, null, settings);

    public static RunningService Start(string database, string? socketDirectory, params (string Name, string Value)[] settings)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["DATABASE"] = database, ["CALLER_AUTHENTICATION"] = "off" };
        foreach (var (name, value) in settings)
            environment[name] = value;
        return new RunningService(new MemoryListener(), environment, socketDirectory);
    }

    public Task<bool> IsReadyAsync() => StatusIsAsync("/readiness", HttpStatusCode.OK);

    public async Task<bool> StatusIsAsync(string path, HttpStatusCode status)
    {
        using var answer = await Client.GetAsync(path);
        return answer.StatusCode == status;
    }

    public Task<int> StopAsync()
    {
        _stop.Cancel();
        return Ended;
    }

    public Task<int> KillAsync()
    {
        _kill.Cancel();
        return Ended;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Ended;
        Client.Dispose();
        _stop.Dispose();
        _kill.Dispose();
    }

    /// <summary>A stream that remembers, as the log of a pod would.</summary>
    internal sealed class Collected : Stream
    {
        private readonly MemoryStream _bytes = new();

        public string Text
        {
            get
            {
                lock (_bytes)
                    return Encoding.UTF8.GetString(_bytes.ToArray());
            }
        }

        public string[] Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (_bytes)
                _bytes.Write(buffer, offset, count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            lock (_bytes)
                _bytes.Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    private sealed class Network(MemoryListener listener, string? socketDirectory) : IProcessNetwork
    {
        public IConnectionListenerFactory? Listener => listener;

        public ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation) => throw new NotSupportedException();

        public string? SocketDirectory(string host, int port) => socketDirectory;
    }
}
