using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Endpoints;

/// <summary>
/// Keeps each Service's Endpoints, the older form of EndpointSlices (<c>pkg/controller/endpoint</c>). Deprecated since 1.33, and not run by the
/// recorded cluster: it is an option, off unless asked for.
/// </summary>
internal sealed class EndpointsController : Controller
{
    private const string ManagedByLabel = "endpoints.kubernetes.io/managed-by";
    private const string ManagedBy = "endpoint-controller";
    private const string HeadlessLabel = "service.kubernetes.io/headless";

    private readonly ResourceType _services;
    private readonly ResourceType _pods;
    private readonly ResourceType _endpoints;

    /// <summary>A controller of Endpoints.</summary>
    public EndpointsController(ControllerContext context)
        : base(context)
    {
        _services = Client.Resource("services");
        _pods = Client.Resource("pods");
        _endpoints = Client.Resource("endpoints");
        ForEach(_services);
        ServiceEndpoints.ForServicesOf(context, _services, _pods, Queue);
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var existing = Current(_endpoints).Find(key);
        if (Current(_services).Find(key) is not { } service)
        {
            if (existing is not null && existing.Labels.GetValueOrDefault(ManagedByLabel) == ManagedBy)
                Client.Delete(_endpoints, key);
            return null;
        }
        if (service.Spec.At("type").Text() == "ExternalName" || service.Spec.At("selector").Count() == 0)
            return null;
        var @object = existing?.ToObject() ?? Object(("apiVersion", "v1"), ("kind", "Endpoints"), ("metadata", Object(("name", key.Name), ("namespace", key.Namespace))));
        var before = @object.DeepClone();
        var labels = service.Metadata.At("labels").ToObject();
        labels[ManagedByLabel] = ManagedBy;
        if (service.Spec.At("clusterIP").Text() == "None")
            labels[HeadlessLabel] = "";
        @object.Ensure("metadata")["labels"] = labels;
        var subsets = Subsets(service);
        if (subsets.Count == 0)
            @object.Remove("subsets");
        else
            @object["subsets"] = subsets;
        try
        {
            if (existing is null)
                Client.Create(_endpoints, @object);
            else if (!JsonNode.DeepEquals(before, @object))
                Client.Update(_endpoints, @object);
        }
        catch (KubernetesApiException refused) when (PodControl.IsNamespaceTerminating(refused))
        {
            // Nobody will ask for the endpoints of a namespace that is ending.
        }
        return null;
    }

    /// <summary>Pods with the same ports are one subset; addresses are sorted.</summary>
    private JsonArray Subsets(Document service)
    {
        var publish = service.Spec.At("publishNotReadyAddresses").Flag(false);
        var selector = PlainSelector.Of(service.Spec.At("selector"));
        var family = service.Spec.At("ipFamilies").Items().FirstOrDefault().Text("IPv4");
        var groups = new SortedDictionary<string, (JsonArray Ports, List<JsonObject> Ready, List<JsonObject> NotReady)>(StringComparer.Ordinal);
        foreach (var pod in Current(_pods).All(service.Namespace))
        {
            if (!selector.Matches(pod.Labels) || !ServiceEndpoints.ShouldBePublished(pod, includeTerminating: publish) || ServiceEndpoints.Address(pod, family) is not { } address)
                continue;
            var ports = ServiceEndpoints.Ports(service, pod);
            foreach (var port in ports.OfType<JsonObject>().Where(port => port.Text("name") == ""))
                port.Remove("name");
            var name = ports.ToJsonString();
            if (!groups.TryGetValue(name, out var group))
                groups[name] = group = (ports, [], []);
            var hostname = pod.Spec.At("hostname").Text() is { Length: > 0 } said && pod.Spec.At("subdomain").Text() == service.Name ? said : null;
            (publish || pod.IsReady() ? group.Ready : group.NotReady).Add(Object(
                ("ip", address),
                ("hostname", hostname),
                ("nodeName", pod.NodeName),
                ("targetRef", Object(("kind", "Pod"), ("namespace", pod.Namespace), ("name", pod.Name), ("uid", pod.Uid)))));
        }
        static JsonArray? Sorted(List<JsonObject> addresses) =>
            addresses.Count == 0 ? null : new JsonArray([.. addresses.OrderBy(address => address.Text("ip"), StringComparer.Ordinal)]);
        return new JsonArray([.. groups.Values.Select(group => Object(
            ("addresses", Sorted(group.Ready)), ("notReadyAddresses", Sorted(group.NotReady)), ("ports", group.Ports)))]);
    }
}
