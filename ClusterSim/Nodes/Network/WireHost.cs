using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using ClusterSim.Network.Policies;
using Microsoft.AspNetCore.Connections;

namespace ClusterSim.Network;

/// <summary>
/// Something with an address on the wire: a pod's sandbox, or a part of the simulator (the API server, the DNS server, an ingress controller).
/// </summary>
internal sealed class WireHost : IPodNetwork
{
    // Linux's net.ipv4.ip_local_port_range.
    private const int EphemeralFirst = 32768;
    private const int EphemeralLast = 60999;

    private readonly Lock _lock = new();
    private readonly Wire _wire;
    private readonly Func<TrafficPeer> _party;
    private ImmutableList<WireListener> _listeners = [];
    private ImmutableList<WireProcess> _processes = [];
    private int _nextEphemeral = EphemeralFirst;
    private volatile bool _severed;

    internal WireHost(Wire wire, IPAddress address, PodIdentity? pod, Func<TrafficPeer> party)
    {
        _wire = wire;
        _party = party;
        Address = address;
        Pod = pod;
    }

    /// <inheritdoc/>
    public IPAddress Address { get; }

    /// <summary>The pod; null for parts of the simulator.</summary>
    public PodIdentity? Pod { get; }

    /// <summary>What policies see in it at this moment.</summary>
    public TrafficPeer Party => _party();

    /// <inheritdoc/>
    public IContainerNetwork Join(string container) => JoinProcess(container);

    /// <inheritdoc cref="Join"/>
    public WireProcess JoinProcess(string container)
    {
        var process = new WireProcess(_wire, this, container);
        lock (_lock)
            _processes = _processes.Add(process);
        if (_severed)
            process.Sever();
        return process;
    }

    /// <inheritdoc/>
    public void Sever()
    {
        ImmutableList<WireProcess> processes;
        lock (_lock)
        {
            _severed = true;
            processes = _processes;
        }
        foreach (var process in processes)
            process.Sever();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Sever();
        _wire.Detach(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Who listens there; null where nobody does. What listens on loopback only is found over loopback only.</summary>
    internal WireListener? FindListener(int port, bool overLoopback)
    {
        foreach (var listener in _listeners)
            if (listener.Local.Port == port && (listener.IsAny || IPAddress.IsLoopback(listener.Local.Address) == overLoopback))
                return listener;
        return null;
    }

    internal WireListener Bind(WireProcess process, IPEndPoint asked)
    {
        if (!asked.Address.Equals(IPAddress.Any) && !asked.Address.Equals(IPAddress.IPv6Any) && !IPAddress.IsLoopback(asked.Address) && !asked.Address.Equals(Address))
            throw new SocketException((int)SocketError.AddressNotAvailable);
        lock (_lock)
        {
            var port = asked.Port == 0 ? FreePort(asked.Address) : asked.Port;
            if (IsTaken(asked.Address, port))
                throw new AddressInUseException($"port {port} of {Pod?.Name ?? Address.ToString()} is in use by another process of it");
            var listener = new WireListener(process, new IPEndPoint(asked.Address, port));
            _listeners = _listeners.Add(listener);
            return listener;
        }
    }

    internal void Unbind(WireListener listener)
    {
        lock (_lock)
            _listeners = _listeners.Remove(listener);
        listener.Process.Remove(listener);
    }

    internal void Leave(WireProcess process)
    {
        lock (_lock)
            _processes = _processes.Remove(process);
    }

    private int FreePort(IPAddress address)
    {
        for (var tries = EphemeralFirst; tries <= EphemeralLast; tries++)
        {
            var port = _nextEphemeral;
            _nextEphemeral = port == EphemeralLast ? EphemeralFirst : port + 1;
            if (!IsTaken(address, port))
                return port;
        }
        throw new SocketException((int)SocketError.AddressAlreadyInUse);
    }

    private bool IsTaken(IPAddress address, int port) => _listeners.Exists(listener => listener.Local.Port == port
        && (listener.IsAny || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any) || listener.Local.Address.Equals(address)));
}
