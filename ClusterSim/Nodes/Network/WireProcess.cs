using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ClusterSim.Network.Streams;
using Microsoft.AspNetCore.Connections;

namespace ClusterSim.Network;

/// <summary>One process on a host of the wire: what it listens on, what it has open, and the means to cut all of it.</summary>
internal sealed class WireProcess : IContainerNetwork, INameLookup, IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly Lock _lock = new();
    private readonly HashSet<WireConnection> _connections = [];
    private readonly HashSet<WireListener> _listeners = [];
    private readonly Dictionary<(string Host, int Port), SocketBridge> _bridges = [];
    private bool _severed;
    private bool _leaves;

    internal WireProcess(Wire wire, WireHost host, string container)
    {
        Wire = wire;
        Host = host;
        Container = container;
    }

    /// <summary>The host it runs on.</summary>
    public WireHost Host { get; }

    /// <summary>Its container's name.</summary>
    public string Container { get; }

    /// <inheritdoc/>
    public IConnectionListenerFactory Listener => this;

    internal Wire Wire { get; }

    /// <inheritdoc/>
    public bool CanBind(EndPoint endpoint) => endpoint is IPEndPoint;

    /// <inheritdoc/>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        if (endpoint is not IPEndPoint address)
            throw new NotSupportedException($"a pod listens on an address and port, not on {endpoint} ({endpoint.GetType().Name})");
        lock (_lock)
        {
            if (_severed)
                throw new SocketException((int)SocketError.NetworkDown);
            var listener = Host.Bind(this, address);
            _listeners.Add(listener);
            return new ValueTask<IConnectionListener>(listener);
        }
    }

    /// <inheritdoc/>
    public ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation) => Wire.DialAsync(this, host, port, cancellation);

    /// <inheritdoc/>
    public IPAddress DnsServer => Wire.DnsAddress;

    /// <inheritdoc/>
    public ValueTask<(string Name, IReadOnlyList<IPAddress> Addresses)> LookupAsync(string name, CancellationToken cancellation) => Wire.LookupAsync(this, name, cancellation);

    /// <inheritdoc/>
    public string SocketDirectory(string host, int port)
    {
        lock (_lock)
        {
            if (_severed)
                throw new SocketException((int)SocketError.NetworkDown);
            if (!_bridges.TryGetValue((host, port), out var bridge))
                _bridges[(host, port)] = bridge = new SocketBridge(this, host, port);
            return bridge.Directory;
        }
    }

    /// <inheritdoc/>
    public void Sever()
    {
        WireConnection[] connections;
        WireListener[] listeners;
        SocketBridge[] bridges;
        lock (_lock)
        {
            _severed = true;
            connections = [.. _connections];
            listeners = [.. _listeners];
            bridges = [.. _bridges.Values];
            _listeners.Clear();
            _bridges.Clear();
        }
        foreach (var listener in listeners)
            listener.Close();
        foreach (var connection in connections)
            connection.Abort();
        foreach (var bridge in bridges)
            bridge.Dispose();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Sever();
        Host.Leave(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>Takes a connection into what a cut cuts; false where the process was cut already.</summary>
    internal bool TryAdd(WireConnection connection)
    {
        lock (_lock)
        {
            if (_severed)
                return false;
            _connections.Add(connection);
            return true;
        }
    }

    internal void Remove(WireConnection connection)
    {
        bool leaves;
        lock (_lock)
        {
            _connections.Remove(connection);
            leaves = _leaves && _connections.Count == 0;
        }
        if (leaves)
            Host.Leave(this);
    }

    /// <summary>Takes it off its host when its last connection is over: for a process that is nothing but its connections.</summary>
    internal void LeaveAfterLastConnection()
    {
        bool leaves;
        lock (_lock)
        {
            _leaves = true;
            leaves = _connections.Count == 0;
        }
        if (leaves)
            Host.Leave(this);
    }

    internal void Remove(WireListener listener)
    {
        lock (_lock)
            _listeners.Remove(listener);
    }
}
