using System.Net;
using System.Runtime.CompilerServices;
using ClusterSim.Network.Policies;
using ClusterSim.Storage;

namespace ClusterSim.Network.Services;

/// <summary>
/// Services, their endpoints and the nodes' addresses as they are stored now, indexed for the wire. Each index is made again only when its
/// objects changed, each object read once.
/// </summary>
internal sealed class ServiceTable(VersionedStore store)
{
    private static readonly GroupResource Services = new("", "services");
    private static readonly GroupResource EndpointSlices = new("discovery.k8s.io", "endpointslices");
    private static readonly GroupResource Nodes = new("", "nodes");

    private readonly ConditionalWeakTable<Document, ServiceRecord> _services = [];
    private readonly ConditionalWeakTable<Document, SliceRecord> _slices = [];
    private volatile ServiceIndex? _serviceIndex;
    private volatile SliceIndex? _sliceIndex;
    private volatile NodeIndex? _nodeIndex;

    /// <summary>The Service; null where there is none.</summary>
    public ServiceRecord? Find(ObjectKey key) => store.Find(Services, key) is { } service ? Read(service) : null;

    /// <summary>The Service that has this address; null where none has.</summary>
    public ServiceRecord? FindByAddress(IPAddress address) => CurrentServices().ByAddress.GetValueOrDefault(address);

    /// <summary>The Service, and its port, that nodes answer for on this port; null where none is.</summary>
    public (ServiceRecord Service, ServicePort Port)? FindByNodePort(int port, TransportProtocol protocol) =>
        CurrentServices().ByNodePort.TryGetValue((port, protocol), out var found) ? found : null;

    /// <summary>The slices of a Service.</summary>
    public IReadOnlyList<SliceRecord> SlicesOf(ObjectKey service)
    {
        var snapshot = store.Current(EndpointSlices);
        if (_sliceIndex is not { } index || !ReferenceEquals(index.Snapshot, snapshot))
            _sliceIndex = index = new SliceIndex(snapshot, snapshot.All()
                .ToLookup(slice => new ObjectKey(slice.Namespace, slice.Labels.GetValueOrDefault(SliceRecord.ServiceLabel, ""))));
        return [.. index.ByService[service].Select(slice => _slices.GetValue(slice, static document => SliceRecord.Read(document)))];
    }

    /// <summary>The node that has this address; null where none has.</summary>
    public string? FindNode(IPAddress address) => CurrentNodes().ByAddress.GetValueOrDefault(address);

    /// <summary>A node's address; null where it is unknown.</summary>
    public IPAddress? AddressOfNode(string node) => CurrentNodes().ByName.GetValueOrDefault(node);

    private ServiceRecord Read(Document service) => _services.GetValue(service, static document => ServiceRecord.Read(document));

    private ServiceIndex CurrentServices()
    {
        var snapshot = store.Current(Services);
        if (_serviceIndex is { } index && ReferenceEquals(index.Snapshot, snapshot))
            return index;
        var byAddress = new Dictionary<IPAddress, ServiceRecord>();
        var byNodePort = new Dictionary<(int, TransportProtocol), (ServiceRecord, ServicePort)>();
        foreach (var service in snapshot.All().Select(Read))
        {
            foreach (var address in service.Addresses)
                byAddress.TryAdd(address, service);
            foreach (var port in service.Ports)
                if (port.NodePort > 0)
                    byNodePort.TryAdd((port.NodePort, port.Protocol), (service, port));
        }
        return _serviceIndex = new ServiceIndex(snapshot, byAddress, byNodePort);
    }

    private NodeIndex CurrentNodes()
    {
        var snapshot = store.Current(Nodes);
        if (_nodeIndex is { } index && ReferenceEquals(index.Snapshot, snapshot))
            return index;
        var byAddress = new Dictionary<IPAddress, string>();
        var byName = new Dictionary<string, IPAddress>(StringComparer.Ordinal);
        foreach (var node in snapshot.All())
            foreach (var told in node.Status.At("addresses").Items())
                if (told.At("type").Text() == "InternalIP" && IPAddress.TryParse(told.At("address").Text(), out var address))
                {
                    byAddress.TryAdd(address, node.Name);
                    byName.TryAdd(node.Name, address);
                }
        return _nodeIndex = new NodeIndex(snapshot, byAddress, byName);
    }

    private sealed record ServiceIndex(
        StoreSnapshot Snapshot, Dictionary<IPAddress, ServiceRecord> ByAddress,
        Dictionary<(int Port, TransportProtocol Protocol), (ServiceRecord Service, ServicePort Port)> ByNodePort);

    private sealed record SliceIndex(StoreSnapshot Snapshot, ILookup<ObjectKey, Document> ByService);

    private sealed record NodeIndex(StoreSnapshot Snapshot, Dictionary<IPAddress, string> ByAddress, Dictionary<string, IPAddress> ByName);
}
