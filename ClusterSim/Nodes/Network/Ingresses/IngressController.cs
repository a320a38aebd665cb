using System.Net;
using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Network.Ingresses;

/// <summary>
/// The cluster's ingress controller: real HTTP and HTTPS ports on loopback, whose requests enter the wire as a pod's of its own. As a
/// controller it writes into each Ingress it serves where it is reached.
/// </summary>
internal sealed class IngressController : Controller
{
    private readonly ResourceType _ingresses;
    private readonly IngressTable _table;
    private readonly IngressOptions _options;
    private readonly WireHost _host;
    private readonly IngressProxy _proxy;
    private readonly IngressCertificates _certificates;
    private WebApplication? _server;

    /// <summary>A controller that serves nobody before <see cref="ListenAsync()"/> and tells nobody before <see cref="Controller.Start"/>.</summary>
    /// <param name="context">What controllers work with.</param>
    /// <param name="wire">The wire.</param>
    /// <param name="node">The node whose pod addresses it takes one of.</param>
    /// <param name="options">How it appears.</param>
    public IngressController(ControllerContext context, Wire wire, string node, IngressOptions options)
        : base(context)
    {
        _options = options;
        _ingresses = Client.Resource("ingresses", "networking.k8s.io");
        _table = new IngressTable(wire.Context.Store, options);
        _certificates = new IngressCertificates(wire.Context.Store, _table, context.Clock);
        _host = wire.RegisterPod(node, options.Namespace, options.PodName, options.Labels);
        _proxy = new IngressProxy(wire, _host.JoinProcess("controller"), _table, options);
        context.Informers.Handle(_ingresses, change => Queue.Add(change.Document.Key));
    }

    /// <summary>The loopback port of HTTP.</summary>
    public int HttpPort { get; private set; }

    /// <summary>The loopback port of HTTPS.</summary>
    public int HttpsPort { get; private set; }

    /// <summary>Opens the ports.</summary>
    /// <exception cref="IOException">One is in use, and no other may be taken.</exception>
    public async Task ListenAsync()
    {
        try
        {
            _server = await ListenAsync(_options.HttpPort, _options.HttpsPort);
        }
        catch (IOException inUse) when (_options.TakesAnotherPort)
        {
            Context.Log.LogInformation("ingress: {Why}; taking other ports", inUse.Message);
            _server = await ListenAsync(0, 0);
        }
        var ports = _server.Urls.Select(url => new Uri(url)).ToLookup(url => url.Scheme, url => url.Port, StringComparer.Ordinal);
        HttpPort = ports["http"].First();
        HttpsPort = _proxy.HttpsPort = ports["https"].First();
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _proxy.Dispose();
        await _host.DisposeAsync();
        _certificates.Dispose();
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Client.Find(_ingresses, key) is not { } ingress || !_table.IsOurs(ingress))
            return null;
        Client.Change(_ingresses, key, @object =>
        {
            var status = @object.Ensure("status").Ensure("loadBalancer");
            var told = new System.Text.Json.Nodes.JsonArray(Object(
                ("ip", IPAddress.Loopback.ToString()),
                ("ports", new System.Text.Json.Nodes.JsonArray(
                    Object(("port", HttpPort), ("protocol", "TCP")), Object(("port", HttpsPort), ("protocol", "TCP"))))));
            if (System.Text.Json.Nodes.JsonNode.DeepEquals(status["ingress"], told))
                return false;
            status["ingress"] = told;
            return true;
        }, "status");
        return null;
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
