using System.Net;
using InvoiceApp;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Processes;

namespace InvoiceApp.Tests;

/// <summary>The service on a real port, where Kestrel's own back pressure holds (the test server takes all that is written).</summary>
internal sealed class InvoiceAppOnAPort : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _kill = new();
    private readonly Network _network = new();
    private readonly Task<int> _running;

    private InvoiceAppOnAPort(string database, string provider, (string Name, string Value)[] settings)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DATABASE"] = database,
            ["PAYMENT_PROVIDER_URL"] = provider,
        };
        foreach (var (name, value) in settings)
            environment[name] = value;
        _running = InvoiceAppService.RunAsync(new ServiceProcess
        {
            Environment = environment,
            Output = Stream.Null,
            Error = Stream.Null,
            Network = _network,
            Stop = _stop.Token,
            Killed = _kill.Token,
        });
    }

    public static async Task<(InvoiceAppOnAPort App, HttpClient Client)> StartAsync(string database, string provider, params (string Name, string Value)[] settings)
    {
        var app = new InvoiceAppOnAPort(database, provider, settings);
        var client = new HttpClient { BaseAddress = new Uri($"http://{await app._network.Bound.Task}") };
        await Eventually.ThatAsync(async () => (await client.GetAsync("/readiness")).IsSuccessStatusCode, "invoice-app is ready");
        return (app, client);
    }

    /// <summary>As a kubelet's SIGKILL.</summary>
    public async Task KillAsync()
    {
        await _kill.CancelAsync();
        Assert.That(await _running, Is.EqualTo(137));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Assert.That(await _running, Is.Zero.Or.EqualTo(137));
        _stop.Dispose();
        _kill.Dispose();
    }

    /// <summary>The machine's, but that any port asked for is a free one of loopback.</summary>
    private sealed class Network : IProcessNetwork, IConnectionListenerFactory
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
