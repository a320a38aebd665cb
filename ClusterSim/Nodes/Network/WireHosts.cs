using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using ClusterSim.Network.Policies;
using ClusterSim.Network.Services;
using ClusterSim.Storage;

namespace ClusterSim.Network;

/// <summary>The hosts of the pod network, by address and by pod, and what policies see in each.</summary>
/// <param name="store">Where pods are read, as they are at the moment of a connection.</param>
/// <param name="services">Where nodes are found by address.</param>
/// <param name="addresses">The addresses of pods.</param>
internal sealed class WireHosts(VersionedStore store, ServiceTable services, PodAddresses addresses)
{
    private static readonly GroupResource Pods = new("", "pods");

    private readonly ConcurrentDictionary<IPAddress, WireHost> _hosts = new();
    private readonly ConcurrentDictionary<string, WireHost> _podsByUid = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<Document, PolicyPod> _policyPods = [];
    private readonly Lock _lock = new();

    /// <summary>All hosts.</summary>
    public IEnumerable<WireHost> All => _hosts.Values;

    /// <summary>Returns the host with an address; null where none has it.</summary>
    public WireHost? Find(IPAddress address) => _hosts.GetValueOrDefault(address);

    /// <summary>Returns the host of a pod that runs; null where none of that uid does.</summary>
    public WireHost? FindPod(string uid) => _podsByUid.GetValueOrDefault(uid);

    /// <summary>Returns the host of a pod; a pod that has none gets an address.</summary>
    public WireHost Attach(Wire wire, PodIdentity pod)
    {
        lock (_lock)
        {
            if (_podsByUid.TryGetValue(pod.Uid, out var attached))
                return attached;
            var address = addresses.Take(pod.Node, pod.Uid);
            Document? last = null;
            var host = new WireHost(wire, address, pod, () => TrafficPeer.Of(PolicyPodOf(pod, address, ref last)));
            _podsByUid[pod.Uid] = host;
            return _hosts[address] = host;
        }
    }

    /// <summary>
    /// Puts a part of the simulator on the wire: the API server at a node's address, an ingress controller as a pod of its own. Its processes
    /// listen and dial as a pod's do.
    /// </summary>
    /// <param name="wire">The network that its processes listen and dial on.</param>
    /// <param name="address">Its address.</param>
    /// <param name="party">What policies see in it.</param>
    /// <exception cref="InvalidOperationException">The address is taken.</exception>
    public WireHost RegisterHost(Wire wire, IPAddress address, TrafficPeer party)
    {
        var host = new WireHost(wire, address, null, () => party);
        return _hosts.TryAdd(address, host) ? host : throw new InvalidOperationException($"the address {address} is on the wire already");
    }

    /// <summary>Registers a part of the simulator that policies see as a pod, with a pod address of <paramref name="node"/>'s.</summary>
    public WireHost RegisterPod(Wire wire, string node, string @namespace, string name, IReadOnlyDictionary<string, string> labels)
    {
        var uid = $"{@namespace}/{name}";
        var address = addresses.Take(node, uid);
        return RegisterHost(wire, address, TrafficPeer.Of(new PolicyPod { Namespace = @namespace, Name = name, Labels = labels, Node = node, Address = address }));
    }

    /// <summary>Takes a host off the network; a pod's address becomes free.</summary>
    public void Detach(WireHost host)
    {
        _hosts.TryRemove(KeyValuePair.Create(host.Address, host));
        if (host.Pod is { } pod && _podsByUid.TryRemove(KeyValuePair.Create(pod.Uid, host)))
            addresses.Free(pod.Node, pod.Uid);
    }

    /// <summary>Returns what policies see at an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="host">The host there; null where none is.</param>
    public TrafficPeer PartyAt(IPAddress address, WireHost? host)
    {
        if (host is { Pod: not null })
            return host.Party;
        return services.FindNode(address) is { } node ? TrafficPeer.OfNode(node, address) : host?.Party ?? TrafficPeer.Outside(address);
    }

    private PolicyPod PolicyPodOf(PodIdentity pod, IPAddress address, ref Document? last)
    {
        // A pod that was deleted by force may still run for a moment: it keeps the labels it had.
        if (store.Find(Pods, new ObjectKey(pod.Namespace, pod.Name)) is { } stored && stored.Uid == pod.Uid)
            last = stored;
        if (last is not { } document)
            return new PolicyPod { Namespace = pod.Namespace, Name = pod.Name, Labels = new Dictionary<string, string>(StringComparer.Ordinal), Node = pod.Node, Address = address };
        if (!_policyPods.TryGetValue(document, out var read))
            _policyPods.AddOrUpdate(document, read = PolicyPod.Read(document, address));
        return read;
    }
}
