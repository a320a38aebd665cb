using System.Net;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Network.Ingresses;

/// <summary>Answers for the cluster's Ingresses, on HTTP and HTTPS ports of the loopback address. Its requests enter the pod network as those of its own pod.</summary>
internal sealed class IngressServer : IAsyncDisposable
{
    private readonly ILogger _log;
    private readonly IngressTable _table;
    private readonly IngressOptions _options;
    private readonly WireHost _host;
    private readonly IngressProxy _proxy;
    private readonly IngressCertificates _certificates;
    private WebApplication? _server;

    /// <summary>A server that does not listen before <see cref="ListenAsync()"/>.</summary>
    /// <param name="wire">The pod network.</param>
    /// <param name="node">The node whose pod range has the server's address.</param>
    /// <param name="options">Its ports, class and pod.</param>
    /// <param name="log">The log.</param>
    public IngressServer(Wire wire, string node, IngressOptions options, ILogger log)
    {
        _log = log;
        _options = options;
        _table = new IngressTable(wire.Context.Store, options);
        _certificates = new IngressCertificates(wire.Context.Store, _table, wire.Context.Clock);
        _host = wire.RegisterPod(node, options.Namespace, options.PodName, options.Labels);
        _proxy = new IngressProxy(wire, _host.JoinProcess("controller"), _table, options);
    }

    /// <summary>The loopback port of HTTP.</summary>
    public int HttpPort { get; private set; }

    /// <summary>The loopback port of HTTPS.</summary>
    public int HttpsPort { get; private set; }

    /// <summary>Returns whether the Ingress has a class that this server serves.</summary>
    public bool Serves(Document ingress) => _table.IsOurs(ingress);

    /// <summary>Opens the ports.</summary>
    /// <exception cref="IOException">A port is in use, and the options do not allow another one.</exception>
    public async Task ListenAsync()
    {
        try
        {
            _server = await ListenAsync(_options.HttpPort, _options.HttpsPort);
        }
        catch (IOException ex) when (_options.TakesAnotherPort)
        {
            _log.LogInformation("ingress: {Why}; taking other ports", ex.Message);
            _server = await ListenAsync(0, 0);
        }
        var ports = _server.Urls.Select(url => new Uri(url)).ToLookup(url => url.Scheme, url => url.Port, StringComparer.Ordinal);
        HttpPort = ports["http"].First();
        HttpsPort = _proxy.HttpsPort = ports["https"].First();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _proxy.Dispose();
        await _host.DisposeAsync();
        _certificates.Dispose();
    }

    private async Task<WebApplication> ListenAsync(int http, int https)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, http);
            kestrel.Listen(IPAddress.Loopback, https, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificateSelector = (_, name) => _certificates.Select(name),
            }));
        });
        var server = builder.Build();
        server.Run(_proxy.HandleAsync);
        try
        {
            await Wire.OutsideOfPodsAsync(() => server.StartAsync());
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }
}
