using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ClusterSim.Http.Browsers;
using ClusterSim.Network.Policies;
using ClusterSim.Storage;

namespace ClusterSim.Network.Services;

/// <summary>A port of this machine's loopback address that leads to a Service's port.</summary>
internal sealed record LocalPort(ObjectKey Service, string PortName, int ServicePort, int NodePort, int Port);

/// <summary>
/// Loopback ports that lead to the TCP ports of Services. They are free ones, unless <see cref="NetworkOptions.LocalPorts"/> sets a port. Opening and
/// closing is for one caller at a time.
/// </summary>
internal sealed class LocalPorts(Wire wire) : IAsyncDisposable
{
    private readonly BrowserCheck _browsers = new(wire.Context.Options.Browsers, "NetworkOptions.Browsers") { Server = "a port of a Service", AllowsLinks = true };
    private readonly ConcurrentDictionary<(ObjectKey Service, int Port), (LocalPort Local, Socket Listener)> _opened = new();

    /// <summary>The open ports.</summary>
    public IReadOnlyList<LocalPort> Opened => [.. _opened.Values.Select(opened => opened.Local)];

    /// <summary>Opens a port for each TCP port of the Service, and closes those it no longer has; returns the open ones, ordered by the Service's ports.</summary>
    /// <exception cref="IOException">A port is in use.</exception>
    public IReadOnlyList<LocalPort> Open(ServiceRecord service)
    {
        var ports = service.Ports.Where(port => port.Protocol == TransportProtocol.Tcp).ToList();
        Close(service.Key, except: ports);
        foreach (var port in ports)
            if (!_opened.ContainsKey((service.Key, port.Port)))
                Open(service.Key, port);
        return [.. Opened.Where(port => port.Service == service.Key).OrderBy(port => port.ServicePort)];
    }

    /// <summary>Closes the ports of a Service.</summary>
    public void Close(ObjectKey service) => Close(service, except: []);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (var (_, listener) in _opened.Values)
            listener.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Open(ObjectKey service, ServicePort port)
    {
        var number = wire.Context.Options.LocalPorts.GetValueOrDefault($"{service}:{port.Port}");
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, number));
            listener.Listen();
        }
        catch (SocketException ex)
        {
            listener.Dispose();
            throw new IOException($"local port {number} for {service}:{port.Port}: {ex.Message}", ex);
        }
        var local = new LocalPort(service, port.Name, port.Port, port.NodePort, ((IPEndPoint)listener.LocalEndPoint!).Port);
        _opened[(service, port.Port)] = (local, listener);
        _ = Wire.OutsideOfPodsAsync(() => AcceptAsync(listener, service, port.Port));
    }

    private void Close(ObjectKey service, List<ServicePort> except)
    {
        foreach (var (key, (_, listener)) in _opened)
            if (key.Service == service && !except.Exists(port => port.Port == key.Port) && _opened.TryRemove(key, out _))
                listener.Dispose();
    }

    private async Task AcceptAsync(Socket listener, ObjectKey service, int port)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync();
            }
            catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
            {
                return;
            }
            _ = ServeAsync(socket, service, port);
        }
    }

    private async Task ServeAsync(Socket socket, ObjectKey service, int port)
    {
        using var accepted = socket;
        Stream stream;
        try
        {
            stream = await wire.ConnectServiceAsync(service, port, CancellationToken.None);
        }
        catch (SocketException)
        {
            SocketRelay.Reset(socket);
            return;
        }
        await using var connection = stream;
        await SocketRelay.RunAsync(socket, connection, new BrowserHead(_browsers));
    }
}
