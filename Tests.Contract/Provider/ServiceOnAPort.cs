using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Processes;

namespace Tests.Contract.Provider;

/// <summary>A service as its own Main runs it, on a free port of loopback.</summary>
internal sealed class ServiceOnAPort : IStartedService
{
    private readonly CancellationTokenSource _stop = new();
    private readonly FreePort _network = new();
    private readonly MemoryStream _log = new();
    private readonly Task<int> _running;

    private ServiceOnAPort(ProgramMain service, IReadOnlyDictionary<string, string> environment)
    {
        _running = service(new ServiceProcess
        {
            Environment = environment,
            Output = Stream.Synchronized(_log),
            Error = Stream.Synchronized(_log),
            Network = _network,
            Stop = _stop.Token,
        });
    }

    public Uri Url { get; private set; } = null!;

    /// <summary>Starts it and waits until it listens; its database may take longer.</summary>
    /// <exception cref="InvalidOperationException">It ended instead; the message has its log.</exception>
    public static async Task<ServiceOnAPort> StartAsync(ProgramMain service, IReadOnlyDictionary<string, string> environment)
    {
        var started = new ServiceOnAPort(service, environment);
        if (await Task.WhenAny(started._network.Bound.Task, started._running) == started._running)
            throw new InvalidOperationException($"the service ended with {await started._running}: {Encoding.UTF8.GetString(started._log.ToArray())}");
        started.Url = new Uri($"http://{await started._network.Bound.Task}");
        return started;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
        await _log.DisposeAsync();
    }

    /// <summary>The machine's, but that any port asked for is a free one of loopback.</summary>
    private sealed class FreePort : IProcessNetwork, IConnectionListenerFactory
    {
        private readonly SocketTransportFactory _sockets = new(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance);

        public TaskCompletionSource<EndPoint> Bound { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IConnectionListenerFactory? Listener => this;

        public ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation) =>
            MachineProcess.MachineNetwork.Instance.DialAsync(host, port, cancellation);

        public string? SocketDirectory(string host, int port) => null;

        public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var listener = await _sockets.BindAsync(new IPEndPoint(IPAddress.Loopback, 0), cancellationToken);
            Bound.TrySetResult(listener.EndPoint);
            return listener;
        }
    }
}
