using System.Net;
using System.Net.Sockets;
using ClusterSim.Network.Policies;
using ClusterSim.Network.Services;
using ClusterSim.Network.Streams;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Network;

internal sealed partial class Wire
{
    // Linux gives up after net.ipv4.tcp_syn_retries = 6: 1 + 2 + … + 64 seconds.
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(127);

    /// <summary>From a name to a stream: DNS, then the first address that answers, in order.</summary>
    internal async ValueTask<Stream> DialAsync(WireProcess process, string host, int port, CancellationToken cancellation)
    {
        var source = WireSource.Of(process);
        IReadOnlyList<IPAddress> addresses;
        Interlocked.Increment(ref _underWay);
        try
        {
            addresses = await ResolveAsync(process, host, cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
        for (var index = 0; ; index++)
        {
            try
            {
                return await ConnectAsync(source, new IPEndPoint(addresses[index], port), cancellation);
            }
            catch (SocketException) when (index < addresses.Count - 1)
            {
                // The next address, as any resolver's client does.
            }
        }
    }

    /// <summary>From an address to a stream.</summary>
    internal async ValueTask<Stream> ConnectAsync(WireSource source, IPEndPoint asked, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        Interlocked.Increment(ref _underWay);
        try
        {
            if (source.Process is { } self && (IPAddress.IsLoopback(asked.Address) || self.Host.Address.Equals(asked.Address)))
                return Open(source, self.Host, asked, self.Host.FindListener(asked.Port, IPAddress.IsLoopback(asked.Address)));

            var destination = await RouteAsync(source, asked, cancellation);
            var host = _hosts.GetValueOrDefault(destination.Address);
            var isInside = host is not null || _addresses.Range.Contains(destination.Address) || _serviceRange.Contains(destination.Address)
                || _services.FindNode(destination.Address) is not null;
            var hop = new WireHop(source.Party, PartyAt(destination.Address, host), new IPEndPoint(source.Address, NextSourcePort()), destination);

            var verdict = Policies.Evaluate(hop.From, hop.To, destination.Port);
            if (!verdict.IsAllowed)
            {
                if (_context.Log.IsEnabled(LogLevel.Debug))
                    _context.Log.LogDebug("{From} to {To}: {Reason}", hop.From, hop.Destination, verdict.Reason);
                await DenyAsync(_context.Options.Denied, cancellation);
            }
            if (Faults is { } faults)
                await StalledAsync(faults.ConnectingAsync(hop, cancellation).AsTask());

            if (host is not null)
                return Open(hop, source.Process, host.FindListener(destination.Port, overLoopback: false));
            if (isInside)
                throw new SocketException((int)SocketError.HostUnreachable);
            return await LeaveAsync(hop, source.Process, cancellation);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    /// <summary>What policies see at an address.</summary>
    private PolicyParty PartyAt(IPAddress address, WireHost? host)
    {
        if (host is { Pod: not null })
            return host.Party;
        return _services.FindNode(address) is { } node ? PolicyParty.OfNode(node, address) : host?.Party ?? PolicyParty.Outside(address);
    }

    /// <summary>A Service's address, or a node port, becomes one of the Service's endpoints; other addresses are themselves.</summary>
    private async ValueTask<IPEndPoint> RouteAsync(WireSource source, IPEndPoint asked, CancellationToken cancellation)
    {
        var service = _services.FindByAddress(asked.Address);
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
        else if (_services.FindNode(asked.Address) is { } node && _services.FindByNodePort(asked.Port, TransportProtocol.Tcp) is { } nodePort)
        {
            (service, port) = nodePort;
            (entry, isExternal) = (node, true);
        }
        if (service is null || port is null)
            return asked;
        // As kube-proxy has it: who is inside and asks for an external address or a node port is given any endpoint, whatever the policies say.
        if (isExternal && !source.IsOutside)
            entry = null;
        var route = _proxy.Choose(service, port, source.Address, entry, source.IsOutside);
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
        if (!_context.Options.AllowExternal || dialling is null)
        {
            _context.Log.LogInformation(
                "{From} to {To}: the network's AllowExternal is off, so nothing outside the cluster can be reached", hop.From, hop.Destination);
            throw new SocketException((int)SocketError.NetworkUnreachable);
        }
        var socket = new Socket(hop.Destination.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await OutsideOfPodsAsync(() => socket.ConnectAsync(hop.Destination, cancellation).AsTask());
            var connection = new WireConnection(Interlocked.Increment(ref _lastConnection), hop, null, ended =>
            {
                dialling.Remove(ended);
                _connections.TryRemove(ended, out _);
                if (ended.IsAborted)
                    SocketRelay.Reset(socket);
            });
            Enter(connection, dialling, null);
            _ = OutsideOfPodsAsync(() => RelayAsync(socket, connection));
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

    /// <summary>Starts what the wire does for a pod outside of the pod's flow, so that the watchdog knows it for the wire's.</summary>
    internal static Task OutsideOfPodsAsync(Func<Task> work)
    {
        if (ExecutionContext.IsFlowSuppressed())
            return Task.Run(work);
        using (ExecutionContext.SuppressFlow())
            return Task.Run(work);
    }

    private static Action? ContextOf(WireProcess process) => process.Host.Pod is { } pod
        ? new PodContext(pod.Namespace, pod.Name, pod.Uid, process.Container, pod.Node).Enter
        : null;

    private async Task DenyAsync(DeniedTraffic how, CancellationToken cancellation)
    {
        if (how == DeniedTraffic.Reject)
            throw new SocketException((int)SocketError.ConnectionRefused);
        await StalledAsync(Task.Delay(ConnectTimeout, _context.Clock, cancellation));
        throw new SocketException((int)SocketError.TimedOut);
    }

    /// <summary>Waits for something that only time, or the caller's patience, ends: meanwhile the wire is idle.</summary>
    private async Task StalledAsync(Task wait)
    {
        if (wait.IsCompletedSuccessfully)
            return;
        Interlocked.Decrement(ref _underWay);
        try
        {
            await wait;
        }
        finally
        {
            Interlocked.Increment(ref _underWay);
        }
    }

    private int NextSourcePort() => 32768 + (int)((uint)Interlocked.Increment(ref _lastSourcePort) % 28232);
}
