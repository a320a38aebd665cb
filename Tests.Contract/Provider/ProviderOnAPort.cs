using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using PaymentProvider;
using Processes;

namespace Tests.Contract.Provider;

/// <summary>The payment provider as its own Main runs it, on a free port of loopback.</summary>
internal sealed class ProviderOnAPort : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly FreePort _network = new();
    private readonly MemoryStream _log = new();
    private readonly Task<int> _running;

    private ProviderOnAPort(IReadOnlyDictionary<string, string> environment)
    {
        _running = PaymentProviderService.RunAsync(new ServiceProcess
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
    public static async Task<ProviderOnAPort> StartAsync(IReadOnlyDictionary<string, string> environment)
    {
        var provider = new ProviderOnAPort(environment);
        if (await Task.WhenAny(provider._network.Bound.Task, provider._running) == provider._running)
            throw new InvalidOperationException($"the provider ended with {await provider._running}: {Encoding.UTF8.GetString(provider._log.ToArray())}");
        provider.Url = new Uri($"http://{await provider._network.Bound.Task}");
        return provider;
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
