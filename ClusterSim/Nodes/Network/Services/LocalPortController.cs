using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Network.Policies;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Network.Services;

/// <summary>A port of this machine's loopback that leads to a Service's port.</summary>
internal sealed record LocalPort(ObjectKey Service, string PortName, int ServicePort, int NodePort, int Port);

/// <summary>
/// Opens a loopback port for each TCP port of the NodePort and LoadBalancer Services, and tells load balancers' addresses in their status.
/// Ports are free ones, unless <see cref="NetworkOptions.LocalPorts"/> asks for certain ones.
/// </summary>
internal sealed class LocalPortController : Controller
{
    private readonly Wire _wire;
    private readonly ResourceType _services;
    private readonly ConcurrentDictionary<(ObjectKey Service, int Port), Opened> _opened = new();

    /// <summary>A controller that opens nothing before it is started.</summary>
    public LocalPortController(ControllerContext context, Wire wire)
        : base(context)
    {
        _wire = wire;
        _services = Client.Resource("services");
        context.Informers.Handle(_services, change => Queue.Add(change.Document.Key));
    }

    /// <summary>The ports that are open.</summary>
    public IReadOnlyList<LocalPort> Ports => [.. _opened.Values.Select(opened => opened.Local)];

    /// <inheritdoc/>
    protected override int Workers => 1;

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var opened in _opened.Values)
            opened.Listener.Dispose();
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var document = Client.Find(_services, key);
        var service = document is null ? null : ServiceRecord.Read(document);
        var wanted = service?.Type is "NodePort" or "LoadBalancer" ? service.Ports.Where(port => port.Protocol == TransportProtocol.Tcp).ToList() : [];
        foreach (var (opened, listener) in _opened)
            if (opened.Service == key && !wanted.Exists(port => port.Port == opened.Port) && _opened.TryRemove(opened, out _))
                listener.Listener.Dispose();
        foreach (var port in wanted)
        {
            if (_opened.ContainsKey((key, port.Port)))
                continue;
            var asked = _wire.Context.Options.LocalPorts.GetValueOrDefault($"{key}:{port.Port}");
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                listener.Bind(new IPEndPoint(IPAddress.Loopback, asked));
                listener.Listen();
            }
            catch (SocketException inUse)
            {
                listener.Dispose();
                Context.Events.Warning(document!, "SyncLoadBalancerFailed", $"Error syncing load balancer: local port {asked} for {key}:{port.Port}: {inUse.Message}");
                return TimeSpan.FromSeconds(5);
            }
            var local = new LocalPort(key, port.Name, port.Port, port.NodePort, ((IPEndPoint)listener.LocalEndPoint!).Port);
            _opened[(key, port.Port)] = new Opened(local, listener);
            _ = Wire.OutsideOfPodsAsync(() => AcceptAsync(listener, key, port.Port));
        }
        if (service?.Type == "LoadBalancer")
            Tell(key);
        return null;
    }

    private void Tell(ObjectKey key) => Client.Change(_services, key, @object =>
    {
        var balancer = @object.Ensure("status").Ensure("loadBalancer");
        var told = new JsonArray(Object(
            ("ip", IPAddress.Loopback.ToString()),
            ("ipMode", "Proxy"),
            ("ports", new JsonArray([.. Ports.Where(port => port.Service == key).OrderBy(port => port.ServicePort)
                .Select(port => Object(("port", port.Port), ("protocol", "TCP")))]))));
        if (JsonNode.DeepEquals(balancer["ingress"], told))
            return false;
        balancer["ingress"] = told;
        return true;
    }, "status");

    private async Task AcceptAsync(Socket listener, ObjectKey service, int port)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync();
            }
            catch (Exception closed) when (closed is SocketException or ObjectDisposedException)
            {
                return;
            }
            _ = ServeAsync(socket, service, port);
        }
    }

    private async Task ServeAsync(Socket socket, ObjectKey service, int port)
    {
        using var given = socket;
        Stream stream;
        try
        {
            stream = await _wire.ConnectServiceAsync(service, port, CancellationToken.None);
        }
        catch (SocketException)
        {
            SocketRelay.Reset(socket);
            return;
        }
        await using var wire = stream;
        await SocketRelay.RunAsync(socket, wire);
    }

    private sealed record Opened(LocalPort Local, Socket Listener);
}
