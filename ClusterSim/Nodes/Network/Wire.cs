using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using ClusterSim.Network.Policies;
using ClusterSim.Network.Services;
using ClusterSim.Network.Streams;
using ClusterSim.Storage;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Network;

/// <summary>What the wire works with.</summary>
/// <param name="Store">Where it reads pods, Services, slices, policies and nodes: as they are at the moment of a connection.</param>
/// <param name="Options">How the network behaves.</param>
/// <param name="Clock">Time.</param>
/// <param name="Random">Chance.</param>
/// <param name="Quiescence">Who must know whether anything is under way.</param>
/// <param name="Log">Where denied connections are told (Debug) and slips (Warning).</param>
internal sealed record WireContext(
    VersionedStore Store, NetworkOptions Options, TimeProvider Clock, Randomness Random, Quiescence Quiescence, ILogger Log);

/// <summary>
/// Every connection between pods, into the cluster and out of it. <see cref="DialAsync"/> is the one way from a name to a stream; the steps
/// of <see cref="ConnectAsync"/> are, in this order:
/// <list type="number">
/// <item>the Service's endpoint, where the address is a Service's (or a node's, and the port a node port);</item>
/// <item>egress policy of the source, then ingress policy of the destination: denied is dropped or rejected, as configured;</item>
/// <item>faults;</item>
/// <item>whoever listens there, else refused;</item>
/// <item>the stream, entered with both processes so that a cut of either cuts it.</item>
/// </list>
/// Open connections are not looked at again: they stay open when a policy comes.
/// </summary>
internal sealed partial class Wire : IPodNetworks, IAsyncDisposable
{
    private static readonly GroupResource Pods = new("", "pods");

    private readonly WireContext _context;
    private readonly ServiceTable _services;
    private readonly ServiceProxy _proxy;
    private readonly StoredPolicies _policies;
    private readonly PodAddresses _addresses;
    private readonly AddressRange _serviceRange;
    private readonly ConcurrentDictionary<IPAddress, WireHost> _hosts = new();
    private readonly ConcurrentDictionary<string, WireHost> _podsByUid = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<WireConnection, byte> _connections = new();
    private readonly ConditionalWeakTable<Document, PolicyPod> _policyPods = [];
    private readonly Lock _attaching = new();
    private long _lastConnection;
    private int _lastSourcePort;
    private int _underWay;

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
        _serviceRange = AddressRange.Parse(context.Options.ServiceRange);
        Names = new ClusterNames(_services, context.Options.ClusterDomain);
        Watchdog = new SocketWatchdog(pod => _podsByUid.ContainsKey(pod.Uid), OnSlip);
        context.Quiescence.Register(() => Volatile.Read(ref _underWay) == 0);
        SocketBridge.RemoveLeftovers();
    }

    /// <summary>Told when a pod's code connects past the wire: the pod, and where to. The cluster makes a Warning event of it.</summary>
    public Action<PodContext, string>? Slipped { get; set; }

    /// <summary>What goes wrong on purpose; null: nothing.</summary>
    public IWireFaults? Faults { get; set; }

    /// <summary>The connections that are open.</summary>
    public IEnumerable<WireConnection> Connections => _connections.Keys;

    /// <summary>The policies of this moment.</summary>
    public NetworkPolicyEvaluator Policies => _policies.Current;

    internal ServiceTable Services => _services;

    internal ServiceProxy Proxy => _proxy;

    internal ClusterNames Names { get; }

    internal WireContext Context => _context;

    internal SocketWatchdog Watchdog { get; }

    /// <inheritdoc/>
    public string PodRangeOf(string node) => _addresses.RangeOf(node);

    /// <inheritdoc/>
    public IPodNetwork Attach(PodIdentity pod)
    {
        lock (_attaching)
        {
            if (_podsByUid.TryGetValue(pod.Uid, out var attached))
                return attached;
            var address = _addresses.Take(pod.Node, pod.Uid);
            Document? last = null;
            var host = new WireHost(this, address, pod, () => PolicyParty.Of(PolicyPodOf(pod, address, ref last)));
            _podsByUid[pod.Uid] = host;
            return _hosts[address] = host;
        }
    }

    /// <summary>
    /// Puts a part of the simulator on the wire: the API server at a node's address, an ingress controller as a pod of its own. Its processes
    /// listen and dial as a pod's do.
    /// </summary>
    /// <param name="address">Its address.</param>
    /// <param name="party">What policies see in it.</param>
    /// <exception cref="InvalidOperationException">The address is taken.</exception>
    public WireHost RegisterHost(IPAddress address, PolicyParty party)
    {
        var host = new WireHost(this, address, null, () => party);
        return _hosts.TryAdd(address, host) ? host : throw new InvalidOperationException($"the address {address} is on the wire already");
    }

    /// <summary>Registers a part of the simulator that policies see as a pod, with a pod address of <paramref name="node"/>'s.</summary>
    public WireHost RegisterPod(string node, string @namespace, string name, IReadOnlyDictionary<string, string> labels)
    {
        var uid = $"{@namespace}/{name}";
        var address = _addresses.Take(node, uid);
        return RegisterHost(address, PolicyParty.Of(new PolicyPod { Namespace = @namespace, Name = name, Labels = labels, Node = node, Address = address }));
    }

    /// <summary>The network of a pod that runs; null where none of that uid does.</summary>
    public WireHost? FindPod(string uid) => _podsByUid.GetValueOrDefault(uid);

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
        foreach (var host in _hosts.Values)
            await host.DisposeAsync();
        foreach (var connection in _connections.Keys)
            connection.Abort();
        Watchdog.Dispose();
    }

    internal void Detach(WireHost host)
    {
        _hosts.TryRemove(KeyValuePair.Create(host.Address, host));
        if (host.Pod is { } pod && _podsByUid.TryRemove(KeyValuePair.Create(pod.Uid, host)))
            _addresses.Free(pod.Node, pod.Uid);
    }

    private PolicyPod PolicyPodOf(PodIdentity pod, IPAddress address, ref Document? last)
    {
        // A pod that was deleted by force may still run for a moment: it keeps the labels it had.
        if (_context.Store.Find(Pods, new ObjectKey(pod.Namespace, pod.Name)) is { } stored && stored.Uid == pod.Uid)
            last = stored;
        if (last is not { } document)
            return new PolicyPod { Namespace = pod.Namespace, Name = pod.Name, Labels = new Dictionary<string, string>(StringComparer.Ordinal), Node = pod.Node, Address = address };
        if (!_policyPods.TryGetValue(document, out var read))
            _policyPods.AddOrUpdate(document, read = PolicyPod.Read(document, address));
        return read;
    }

    private void OnSlip(PodContext pod, string destination)
    {
        _context.Log.LogWarning("Pod {Namespace}/{Pod} connected to {Destination} past the simulated network", pod.Namespace, pod.Pod, destination);
        Slipped?.Invoke(pod, destination);
    }
}
