using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Controllers.Endpoints;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Endpoints;

/// <summary>
/// Keeps each Service's EndpointSlices equal to the pods its selector matches (<c>pkg/controller/endpointslice</c>): one set of slices per
/// address family and per list of ports, as named target ports may differ from pod to pod.
/// </summary>
internal sealed class EndpointSliceController : Controller
{
    /// <summary>Who manages a slice.</summary>
    public const string ManagedByLabel = "endpointslice.kubernetes.io/managed-by";

    /// <summary>Whose endpoints a slice holds.</summary>
    public const string ServiceNameLabel = "kubernetes.io/service-name";
    private const string ManagedBy = "endpointslice-controller.k8s.io";
    private const string TriggerTime = "endpoints.kubernetes.io/last-change-trigger-time";

    private readonly ResourceType _services;
    private readonly ResourceType _pods;
    private readonly ResourceType _slices;
    private readonly ResourceType _nodes;

    /// <summary>A controller of EndpointSlices.</summary>
    public EndpointSliceController(ControllerContext context)
        : base(context)
    {
        _services = Client.Resource("services");
        _pods = Client.Resource("pods");
        _slices = Client.Resource("endpointslices", "discovery.k8s.io");
        _nodes = Client.Resource("nodes");
        ForEach(_services);
        ServiceEndpoints.ForServicesOf(context, _services, _pods, Queue);
        context.Informers.Handle(_slices, change =>
        {
            if (change.Document.Labels.GetValueOrDefault(ManagedByLabel) == ManagedBy && change.Document.Labels.GetValueOrDefault(ServiceNameLabel) is { } service)
                Queue.Add(new ObjectKey(change.Document.Namespace, service));
        });
        context.Informers.Handle(_nodes, change =>
        {
            // A pod whose node was unknown is published once it is known; a node's zone is copied.
            if (change.Change == StoreChange.Modified && ZoneOf(change.Document) == ZoneOf(change.Previous!))
                return;
            foreach (var pod in Current(_pods).OnNode(change.Document.Name))
                ServiceEndpoints.Enqueue(Current(_services), pod, Queue);
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var existing = Current(_slices).All(key.Namespace)
            .Where(slice => slice.Labels.GetValueOrDefault(ServiceNameLabel) == key.Name && slice.Labels.GetValueOrDefault(ManagedByLabel) == ManagedBy && !slice.IsDeleting).ToList();
        if (Current(_services).Find(key) is not { } service)
        {
            foreach (var slice in existing)
                Client.Delete(_slices, slice.Key);
            return null;
        }
        var spec = service.Spec;
        if (spec.At("type").Text() == "ExternalName" || spec.At("selector").Count() == 0)
            return null;
        var selector = PlainSelector.Of(spec.At("selector"));
        var pods = Current(_pods).All(key.Namespace).Where(pod => selector.Matches(pod.Labels)).ToList();
        foreach (var family in Families(service))
            ReconcileFamily(service, pods, family, [.. existing.Where(slice => slice.Root.At("addressType").Text() == family)]);
        foreach (var other in existing.Where(slice => !Families(service).Contains(slice.Root.At("addressType").Text(""), StringComparer.Ordinal)))
            Client.Delete(_slices, other.Key);
        return null;
    }

    private static List<string> Families(Document service)
    {
        var families = service.Spec.At("ipFamilies").Items().Select(family => family.Text("IPv4")).ToList();
        return families.Count == 0 ? ["IPv4"] : families;
    }

    private void ReconcileFamily(Document service, List<Document> pods, string family, List<Document> existing)
    {
        var publish = service.Spec.At("publishNotReadyAddresses").Flag(false);
        var wanted = new Dictionary<string, (JsonArray Ports, List<JsonObject> Endpoints)>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if (!ServiceEndpoints.ShouldBePublished(pod, includeTerminating: true) || ServiceEndpoints.Address(pod, family) is not { } address)
                continue;
            var node = pod.NodeName is { } name ? Current(_nodes).Find(new ObjectKey(null, name)) : null;
            if (node is null && !publish)
                continue;
            var ports = ServiceEndpoints.Ports(service, pod);
            var group = ports.ToJsonString();
            if (!wanted.TryGetValue(group, out var entry))
                wanted[group] = entry = (ports, []);
            entry.Endpoints.Add(Endpoint(service, pod, node, address, publish));
        }
        var headers = new SliceWriter(Client, _slices, service, family, TriggerStamp(service, pods), ManagedBy);
        foreach (var stale in existing.Where(slice => !wanted.ContainsKey(PortsOf(slice))).ToList())
        {
            // One empty slice stands for a service without endpoints.
            if (wanted.Count > 0 || existing.IndexOf(stale) > 0)
                Client.Delete(_slices, stale.Key);
            else
                headers.Write(stale, null, []);
        }
        if (wanted.Count == 0 && existing.Count == 0)
            headers.Create(null, []);
        foreach (var (group, (ports, endpoints)) in wanted)
            headers.Distribute([.. existing.Where(slice => PortsOf(slice) == group)], ports, endpoints);
    }

    private static string PortsOf(Document slice) => slice.Root.At("ports").ToNode()?.ToJsonString() ?? "null";

    /// <summary>When the newest change happened that the endpoints follow; clients measure by it how quick we are.</summary>
    private static string TriggerStamp(Document service, List<Document> pods)
    {
        var newest = service.Created();
        foreach (var pod in pods)
            if (pod.Condition("Ready").At("lastTransitionTime").Time() is { } since && since > newest)
                newest = since;
        return newest.Stamp();
    }

    private static string? ZoneOf(Document node) => node.Labels.GetValueOrDefault("topology.kubernetes.io/zone");

    private static JsonObject Endpoint(Document service, Document pod, Document? node, string address, bool publish)
    {
        var serving = pod.IsReady();
        var terminating = pod.IsDeleting;
        var endpoint = Object(
            ("addresses", new JsonArray(address)),
            ("conditions", Object(("ready", publish || (serving && !terminating)), ("serving", serving), ("terminating", terminating))),
            ("hostname", pod.Spec.At("hostname").Text() is { Length: > 0 } hostname && pod.Spec.At("subdomain").Text() == service.Name ? hostname : null),
            ("nodeName", pod.NodeName),
            ("targetRef", Object(("kind", "Pod"), ("name", pod.Name), ("namespace", pod.Namespace), ("uid", pod.Uid))),
            ("zone", node is null ? null : ZoneOf(node)));
        return endpoint;
    }
}
