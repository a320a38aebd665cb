using System.Net;
using System.Net.Sockets;
using ClusterSim.Network.Policies;
using ClusterSim.Network.Services;
using ClusterSim.Network.Streams;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Network;

/// <summary>
/// The pod network: every connection between pods, into the cluster and out of it. <see cref="DialAsync"/> is the one way from a name to a
/// stream: <see cref="WireResolver"/> resolves it, <see cref="WireConnector"/> connects.
/// </summary>
internal sealed class Wire : IPodNetworks, IAsyncDisposable
{
    private readonly WireContext _context;
    private readonly ServiceTable _services;
    private readonly ServiceProxy _proxy;
    private readonly StoredPolicies _policies;
    private readonly PodAddresses _addresses;
    private readonly NetworkActivity _activity = new();
    private readonly WireHosts _hosts;
    private readonly WireResolver _resolver;
    private readonly WireConnector _connector;

    /// <inheritdoc/>
    public IPAddress DnsAddress => _context.Options.DnsAddress;

    /// <inheritdoc/>
    public string Domain => _context.Options.ClusterDomain;

    /// <summary>A wire without hosts.</summary>
    public Wire(WireContext context)
    {
        _context = context;
        _services = new ServiceTable(context.Store);
        _proxy = new ServiceProxy(_services, context.Random, context.Clock);
        _policies = new StoredPolicies(context.Store);
        _addresses = new PodAddresses(context.Options.PodRange);
        _hosts = new WireHosts(context.Store, _services, _addresses);
        _resolver = new WireResolver(context, _hosts, _services, _policies, _activity);
        _connector = new WireConnector(context, _hosts, _services, _proxy, _policies, _addresses, _activity);
        Watchdog = new SocketWatchdog(pod => _hosts.FindPod(pod.Uid) is not null, OnSlip);
        context.Quiescence.Register(() => _activity.IsIdle);
    }

    /// <summary>Told when a pod's code connects past the wire: the pod, and where to. The cluster makes a Warning event of it.</summary>
    public Action<PodContext, string>? Slipped { get; set; }

    /// <summary>What goes wrong on purpose; null: nothing.</summary>
    public IWireFaults? Faults { get => _connector.Faults; set => _connector.Faults = value; }

    /// <summary>The connections that are open.</summary>
    public IEnumerable<WireConnection> Connections => _connector.Connections;

    /// <summary>The policies of this moment.</summary>
    public NetworkPolicyEvaluator Policies => _policies.Current;

    internal ServiceTable Services => _services;

    internal ServiceProxy Proxy => _proxy;

    internal WireContext Context => _context;

    internal SocketWatchdog Watchdog { get; }

    /// <inheritdoc/>
    public string PodRangeOf(string node) => _addresses.RangeOf(node);

    /// <inheritdoc/>
    public IPodNetwork Attach(PodIdentity pod) => _hosts.Attach(this, pod);

    /// <inheritdoc cref="WireHosts.RegisterHost"/>
    public WireHost RegisterHost(IPAddress address, TrafficPeer party) => _hosts.RegisterHost(this, address, party);

    /// <inheritdoc cref="WireHosts.RegisterPod"/>
    public WireHost RegisterPod(string node, string @namespace, string name, IReadOnlyDictionary<string, string> labels) => _hosts.RegisterPod(this, node, @namespace, name, labels);

    /// <summary>The network of a pod that runs; null where none of that uid does.</summary>
    public WireHost? FindPod(string uid) => _hosts.FindPod(uid);

    /// <inheritdoc/>
    public ValueTask<Stream> DialFromNodeAsync(string node, IPAddress address, int port, CancellationToken cancellation)
    {
        var source = new WireSource(null, _services.AddressOfNode(node) ?? _context.Options.OutsideAddress, node);
        return ConnectAsync(source, new IPEndPoint(address, port), cancellation);
    }

    /// <summary>
    /// Connects from outside the cluster: to a node port, a load balancer's address, or a pod's address (as where the pod network is routed).
    /// </summary>
    /// <exception cref="SocketException"><c>HostUnreachable</c>: cluster addresses mean nothing outside; others as inside.</exception>
    public ValueTask<Stream> ConnectExternalAsync(IPAddress address, int port, CancellationToken cancellation) =>
        ConnectAsync(new WireSource(null, _context.Options.OutsideAddress, null), new IPEndPoint(address, port), cancellation);

    /// <summary>Connects from outside the cluster to a Service's port, as through a node port or load balancer.</summary>
    public async ValueTask<Stream> ConnectServiceAsync(ObjectKey service, int port, CancellationToken cancellation)
    {
        if (_services.Find(service) is not { } found || found.Ports.FirstOrDefault(candidate => candidate.Port == port && candidate.Protocol == TransportProtocol.Tcp) is not { } target)
            throw new SocketException((int)SocketError.ConnectionRefused);
        var outside = new WireSource(null, _context.Options.OutsideAddress, null);
        var route = _proxy.Choose(found, target, outside.Address, null, isFromOutside: true);
        return await ConnectAsync(outside, route.Endpoint ?? throw new SocketException((int)SocketError.ConnectionRefused), cancellation);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts.All)
            await host.DisposeAsync();
        foreach (var connection in _connector.Connections)
            connection.Abort();
        Watchdog.Dispose();
    }

    internal void Detach(WireHost host) => _hosts.Detach(host);

    /// <summary>Dials a name: DNS, then the first address that answers, in order.</summary>
    internal async ValueTask<Stream> DialAsync(WireProcess process, string host, int port, CancellationToken cancellation)
    {
        var source = WireSource.Of(process);
        IReadOnlyList<IPAddress> addresses;
        using (_activity.Begin())
            addresses = await _resolver.ResolveAsync(process, host, cancellation);
        for (var index = 0; ; index++)
        {
            try
            {
                return await _connector.ConnectAsync(source, new IPEndPoint(addresses[index], port), cancellation);
            }
            catch (SocketException) when (index < addresses.Count - 1)
            {
                // The next address, as any resolver's client does.
            }
        }
    }

    /// <inheritdoc cref="WireResolver.LookupAsync"/>
    internal ValueTask<(string Name, IReadOnlyList<IPAddress> Addresses)> LookupAsync(WireProcess process, string name, CancellationToken cancellation) =>
        _resolver.LookupAsync(process, name, cancellation);

    /// <inheritdoc cref="WireConnector.ConnectAsync"/>
    internal ValueTask<Stream> ConnectAsync(WireSource source, IPEndPoint asked, CancellationToken cancellation) => _connector.ConnectAsync(source, asked, cancellation);

    /// <summary>Starts what the wire does for a pod outside of the pod's flow, so that the watchdog knows it for the wire's.</summary>
    internal static Task OutsideOfPodsAsync(Func<Task> work)
    {
        if (ExecutionContext.IsFlowSuppressed())
            return Task.Run(work);
        using (ExecutionContext.SuppressFlow())
            return Task.Run(work);
    }

    private void OnSlip(PodContext pod, string destination)
    {
        _context.Log.LogWarning("Pod {Namespace}/{Pod} connected to {Destination} past the simulated network", pod.Namespace, pod.Pod, destination);
        Slipped?.Invoke(pod, destination);
    }
}
