using System.Globalization;
using System.Net;
using System.Text.Json;
using ClusterSim.Http;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Streaming.Proxying;

/// <summary>How a connection is made to an address of the cluster, from a node of it.</summary>
internal delegate ValueTask<Stream> DialFromNode(string node, IPAddress address, int port, CancellationToken cancellation);

/// <summary>
/// <c>services/proxy</c>: an HTTP request to any ready endpoint of a Service (<c>pkg/registry/core/service/storage</c>: <c>ResourceLocation</c>). A port is a
/// number or a name of the Service's; without one it is the port that has no name. The connection comes from the endpoint's node.
/// </summary>
internal sealed class ServiceProxying(ApiServer server, DialFromNode dial) : IStreamingSubresource
{
    private static readonly GroupResource Slices = new("discovery.k8s.io", "endpointslices");

    /// <inheritdoc/>
    public Task HandleAsync(HttpContext context, RequestTarget target, string? rest)
    {
        server.Authorize(target, ProxiedName.VerbOf(context.Request));
        var (scheme, name, asked) = ProxiedName.Parse(target.Name ?? "", "service");
        var service = server.Require(target with { Name = name });
        var port = NameOf(service, asked);
        var endpoints = EndpointsOf(service, port).ToList();
        if (endpoints.Count == 0)
            throw Unavailable($"no endpoints available for service \"{target.Name}\"");
        var (address, number, node) = endpoints[server.Random.Next(endpoints.Count)];
        return new ProxiedRequest(context, new UriBuilder(scheme, address.ToString(), number).Uri, rest, cancellation => dial(node, address, number, cancellation)).RunAsync();
    }

    private static string NameOf(Document service, string? asked)
    {
        if (!int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return asked ?? "";
        foreach (var port in service.Spec.At("ports").Items())
            if (port.At("port").Integer(0) == number)
                return port.At("name").Text("");
        throw Unavailable($"no service port {number} found for service \"{service.Name}\"");
    }

    private IEnumerable<(IPAddress Address, int Port, string Node)> EndpointsOf(Document service, string port)
    {
        foreach (var slice in server.Store.Current(Slices).All(service.Namespace))
        {
            if (slice.Labels.GetValueOrDefault("kubernetes.io/service-name") != service.Name)
                continue;
            var found = slice.Root.At("ports").Items().FirstOrDefault(one => one.At("name").Text("") == port && one.At("protocol").Text("TCP") == "TCP");
            if (!found.Exists())
                continue;
            foreach (var endpoint in slice.Root.At("endpoints").Items())
                if (endpoint.At("conditions", "ready").Flag(true) && IPAddress.TryParse(First(endpoint.At("addresses")), out var address))
                    yield return (address, found.At("port").Integer(0), endpoint.At("nodeName").Text(""));
        }
    }

    private static string? First(JsonElement addresses) => addresses.Count() == 0 ? null : addresses[0].Text();

    private static KubernetesApiException Unavailable(string why) => new(503, "ServiceUnavailable", why);
}
