using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Endpoints;

/// <summary>Copies Endpoints that somebody wrote for a Service without a selector into EndpointSlices (<c>pkg/controller/endpointslicemirroring</c>).</summary>
internal sealed class EndpointSliceMirroringController : Controller
{
    private const string ManagedBy = "endpointslicemirroring-controller.k8s.io";
    private const string SkipLabel = "endpointslice.kubernetes.io/skip-mirror";
    private const string LeaderAnnotation = "control-plane.alpha.kubernetes.io/leader";

    private readonly ResourceType _endpoints;
    private readonly ResourceType _services;
    private readonly ResourceType _slices;

    /// <summary>A controller of mirrored slices.</summary>
    public EndpointSliceMirroringController(ControllerContext context)
        : base(context)
    {
        _endpoints = Client.Resource("endpoints");
        _services = Client.Resource("services");
        _slices = Client.Resource("endpointslices", "discovery.k8s.io");
        ForEach(_endpoints);
        ForEach(_services);
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var existing = Current(_slices).All(key.Namespace).Where(slice =>
            slice.Labels.GetValueOrDefault(EndpointSliceController.ServiceNameLabel) == key.Name
            && slice.Labels.GetValueOrDefault(EndpointSliceController.ManagedByLabel) == ManagedBy).ToList();
        if (Current(_endpoints).Find(key) is not { } endpoints
            || endpoints.Labels.GetValueOrDefault(SkipLabel) == "true"
            || endpoints.Annotation(LeaderAnnotation) is not null
            || Current(_services).Find(key) is not { } service
            || service.Spec.At("selector").Count() > 0)
        {
            foreach (var slice in existing)
                Client.Delete(_slices, slice.Key);
            return null;
        }
        var wanted = new Dictionary<(string Family, string Ports), (JsonArray Ports, List<JsonObject> Endpoints)>();
        foreach (var subset in endpoints.Root.At("subsets").Items())
        {
            var ports = new JsonArray([.. subset.At("ports").Items().Select(port => Object(
                ("name", port.At("name").Text("")), ("port", port.At("port").Integer()), ("protocol", port.At("protocol").Text("TCP")), ("appProtocol", port.At("appProtocol").Text())))]);
            foreach (var (list, ready) in ((string, bool)[])[("addresses", true), ("notReadyAddresses", false)])
                foreach (var address in subset.At(list).Items())
                    if (IPAddress.TryParse(address.At("ip").Text(""), out var ip))
                    {
                        var place = (ip.AddressFamily == AddressFamily.InterNetworkV6 ? "IPv6" : "IPv4", ports.ToJsonString());
                        if (!wanted.TryGetValue(place, out var entry))
                            wanted[place] = entry = ((JsonArray)ports.DeepClone(), []);
                        entry.Endpoints.Add(Endpoint(address, ready));
                    }
        }
        static (string, string) PlaceOf(Document slice) => (slice.Root.At("addressType").Text("IPv4"), slice.Root.At("ports").ToNode()?.ToJsonString() ?? "null");
        foreach (var stale in existing.Where(slice => !wanted.ContainsKey(PlaceOf(slice))))
            Client.Delete(_slices, stale.Key);
        foreach (var (place, (ports, addresses)) in wanted)
            new SliceWriter(Client, _slices, endpoints, place.Family, Now.Stamp(), ManagedBy)
                .Distribute([.. existing.Where(slice => PlaceOf(slice) == place)], ports, addresses);
        return null;
    }

    private static JsonObject Endpoint(JsonElement address, bool ready) => Object(
        ("addresses", new JsonArray(address.At("ip").Text())),
        ("conditions", Object(("ready", ready))),
        ("hostname", address.At("hostname").Text()),
        ("nodeName", address.At("nodeName").Text()),
        ("targetRef", address.At("targetRef").ToNode()));
}
