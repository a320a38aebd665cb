using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ClusterSim.Network.Policies;
using ClusterSim.Network.Services;
using ClusterSim.Network.Streams;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Network;

/// <summary>
/// Connects sources to addresses. The steps of <see cref="ConnectAsync"/> are, in this order:
/// <list type="number">
/// <item>the endpoint of the Service, where the address is a Service's (or a node's, and the port a node port);</item>
/// <item>egress policy of the source, then ingress policy of the destination: denied is dropped or rejected, as configured;</item>
/// <item>faults;</item>
/// <item>the listener there, else the connection is refused;</item>
/// <item>the stream, entered with both processes so that a cut of either cuts it.</item>
/// </list>
/// Open connections are not evaluated again: they stay open when a policy comes.
/// </summary>
internal sealed class WireConnector(
    WireContext context, WireHosts hosts, ServiceTable services, ServiceProxy proxy, StoredPolicies policies, PodAddresses addresses, NetworkActivity activity)
{
    // Linux gives up after net.ipv4.tcp_syn_retries = 6: 1 + 2 + … + 64 seconds.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(127);

    private readonly AddressRange _serviceRange = AddressRange.Parse(context.Options.ServiceRange);
    private readonly ConcurrentDictionary<WireConnection, byte> _connections = new();
    private long _lastConnection;
    private int _lastSourcePort;

    /// <summary>What goes wrong on purpose; null: nothing.</summary>
    public IWireFaults? Faults { get; set; }

    /// <summary>The connections that are open.</summary>
    public IEnumerable<WireConnection> Connections => _connections.Keys;

    /// <summary>Connects a source to an address.</summary>
    /// <exception cref="SocketException">As a kernel reports it: refused, unreachable, timed out.</exception>
    public async ValueTask<Stream> ConnectAsync(WireSource source, IPEndPoint asked, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var operation = activity.Begin();
        if (source.Process is { } self && (IPAddress.IsLoopback(asked.Address) || self.Host.Address.Equals(asked.Address)))
            return Open(source, self.Host, asked, self.Host.FindListener(asked.Port, IPAddress.IsLoopback(asked.Address)));

        var destination = await RouteAsync(source, asked, cancellation);
        var host = hosts.Find(destination.Address);
        var isInside = host is not null || addresses.Range.Contains(destination.Address) || _serviceRange.Contains(destination.Address)
            || services.FindNode(destination.Address) is not null;
        var hop = new WireHop(source.Party, hosts.PartyAt(destination.Address, host), new IPEndPoint(source.Address, NextSourcePort()), destination);

        var verdict = policies.Current.Evaluate(hop.From, hop.To, destination.Port);
        if (!verdict.IsAllowed)
        {
            if (context.Log.IsEnabled(LogLevel.Debug))
                context.Log.LogDebug("{From} to {To}: {Reason}", hop.From, hop.Destination, verdict.Reason);
            await DenyAsync(context.Options.Denied, cancellation);
        }
        if (Faults is { } faults)
            await activity.StallAsync(faults.ConnectingAsync(hop, cancellation).AsTask());

        if (host is not null)
            return Open(hop, source.Process, host.FindListener(destination.Port, overLoopback: false));
        if (isInside)
            throw new SocketException((int)SocketError.HostUnreachable);
        return await LeaveAsync(hop, source.Process, cancellation);
    }

    /// <summary>A Service's address, or a node port, becomes one of the Service's endpoints; other addresses are themselves.</summary>
    private async ValueTask<IPEndPoint> RouteAsync(WireSource source, IPEndPoint asked, CancellationToken cancellation)
    {
        var service = services.FindByAddress(asked.Address);
        ServicePort? port = null;
        var entry = source.Node ?? source.Process?.Host.Party.Pod?.Node;
        var isExternal = false;
        if (service is not null)
        {
            if (source.IsOutside && asked.Address.Equals(service.ClusterAddress))
                throw new SocketException((int)SocketError.HostUnreachable);
            isExternal = !asked.Address.Equals(service.ClusterAddress);
            port = service.Ports.FirstOrDefault(candidate => candidate.Port == asked.Port && candidate.Protocol == TransportProtocol.Tcp)
                ?? throw new SocketException((int)SocketError.ConnectionRefused);
        }
        else if (services.FindNode(asked.Address) is { } node && services.FindByNodePort(asked.Port, TransportProtocol.Tcp) is { } nodePort)
        {
            (service, port) = nodePort;
            (entry, isExternal) = (node, true);
        }
        if (service is null || port is null)
            return asked;
        // As kube-proxy has it: who is inside and asks for an external address or a node port is given any endpoint, whatever the policies say.
        if (isExternal && !source.IsOutside)
            entry = null;
        var route = proxy.Choose(service, port, source.Address, entry, source.IsOutside);
        if (route.Endpoint is null)
            await DenyAsync(route.IsDropped ? DeniedTraffic.Drop : DeniedTraffic.Reject, cancellation);
        return route.Endpoint!;
    }

    private Stream Open(WireSource source, WireHost host, IPEndPoint asked, WireListener? listener) =>
        Open(new WireHop(host.Party, host.Party, new IPEndPoint(asked.Address, NextSourcePort()), asked), source.Process, listener);

    private Stream Open(WireHop hop, WireProcess? dialling, WireListener? listener)
    {
        if (listener is null)
            throw new SocketException((int)SocketError.ConnectionRefused);
        var accepting = listener.Process;
        var connection = new WireConnection(Interlocked.Increment(ref _lastConnection), hop, ContextOf(accepting), ended =>
        {
            dialling?.Remove(ended);
            accepting.Remove(ended);
            _connections.TryRemove(ended, out _);
        });
        Enter(connection, dialling, accepting);
        if (!listener.TryEnqueue(connection.Server))
        {
            connection.Abort();
            throw new SocketException((int)SocketError.ConnectionRefused);
        }
        return Faults?.Shape(hop, connection.Client) ?? connection.Client;
    }

    private void Enter(WireConnection connection, WireProcess? dialling, WireProcess? accepting)
    {
        _connections[connection] = 0;
        if (dialling is not null && !dialling.TryAdd(connection))
        {
            connection.Abort();
            throw new SocketException((int)SocketError.NetworkDown);
        }
        if (accepting is not null && !accepting.TryAdd(connection))
        {
            connection.Abort();
            throw new SocketException((int)SocketError.ConnectionRefused);
        }
    }

    /// <summary>Out of the cluster, over a real socket joined to a connection of the wire, so that cuts and faults reach it too.</summary>
    private async ValueTask<Stream> LeaveAsync(WireHop hop, WireProcess? dialling, CancellationToken cancellation)
    {
        if (!context.Options.AllowExternal || dialling is null)
        {
            context.Log.LogInformation(
                "{From} to {To}: the network's AllowExternal is off, so nothing outside the cluster can be reached", hop.From, hop.Destination);
            throw new SocketException((int)SocketError.NetworkUnreachable);
        }
        var socket = new Socket(hop.Destination.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await Wire.OutsideOfPodsAsync(() => socket.ConnectAsync(hop.Destination, cancellation).AsTask());
            var connection = new WireConnection(Interlocked.Increment(ref _lastConnection), hop, null, ended =>
            {
                dialling.Remove(ended);
                _connections.TryRemove(ended, out _);
                if (ended.IsAborted)
                    SocketRelay.Reset(socket);
            });
            Enter(connection, dialling, null);
            _ = Wire.OutsideOfPodsAsync(() => RelayAsync(socket, connection));
            return Faults?.Shape(hop, connection.Client) ?? connection.Client;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task RelayAsync(Socket socket, WireConnection connection)
    {
        var ends = connection.Server.Transport;
        await SocketRelay.RunAsync(
            socket, ends.Input.AsStream(), ends.Output.AsStream(), () => ends.Output.Complete(), connection.Abort);
        await connection.Server.DisposeAsync();
        socket.Dispose();
    }

    private static Action? ContextOf(WireProcess process) => process.Host.Pod is { } pod
        ? new PodContext(pod.Namespace, pod.Name, pod.Uid, process.Container, pod.Node).Enter
        : null;

    private async Task DenyAsync(DeniedTraffic how, CancellationToken cancellation)
    {
        if (how == DeniedTraffic.Reject)
            throw new SocketException((int)SocketError.ConnectionRefused);
        await activity.StallAsync(Task.Delay(ConnectTimeout, context.Clock, cancellation));
        throw new SocketException((int)SocketError.TimedOut);
    }

    private int NextSourcePort() => 32768 + (int)((uint)Interlocked.Increment(ref _lastSourcePort) % 28232);
}
