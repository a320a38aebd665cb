using System.Net;
using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Services;

/// <summary>An address at which a load balancer answers: an entry of <c>status.loadBalancer.ingress</c> of a Service or an Ingress.</summary>
/// <param name="Ip">The address.</param>
/// <param name="Ports">The TCP ports.</param>
/// <param name="IpMode"><c>VIP</c> or <c>Proxy</c>, for Services; null for Ingresses, which do not have the field.</param>
internal sealed record LoadBalancerIngress(IPAddress Ip, IReadOnlyList<int> Ports, string? IpMode)
{
    /// <summary>Sets <c>status.loadBalancer</c> of an object to this entry alone; returns whether that changed anything.</summary>
    public bool SetIn(JsonObject @object)
    {
        var loadBalancer = @object.Ensure("status").Ensure("loadBalancer");
        var ingress = new JsonArray(Object(
            ("ip", Ip.ToString()),
            ("ipMode", IpMode),
            ("ports", new JsonArray([.. Ports.Select(port => Object(("port", port), ("protocol", "TCP")))]))));
        if (JsonNode.DeepEquals(loadBalancer["ingress"], ingress))
            return false;
        loadBalancer["ingress"] = ingress;
        return true;
    }
}
