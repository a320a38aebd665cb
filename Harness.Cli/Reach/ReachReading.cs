using System.Net;
using System.Text.Json;
using ClusterSim.Json;
using ClusterSim.Network.Policies;

namespace Harness.Reach;

/// <summary>Turns objects of the API into what reachability follows from; the same for files and for a running cluster.</summary>
internal static class ReachReading
{
    /// <summary>A Service; null where it selects no pods.</summary>
    public static ReachService? Service(JsonElement service)
    {
        var selector = service.At("spec", "selector").TextMap();
        if (selector.Count == 0 || service.At("spec", "type").Text() == "ExternalName")
            return null;
        var ports = service.At("spec", "ports").Items().Select(port =>
        {
            var number = port.At("port").Integer(0);
            var target = port.At("targetPort");
            // Absent, or Go's zero for it: the Service's own port.
            var targetNumber = target.Integer(0) is > 0 and var said ? said : number;
            return new ReachServicePort(number, Protocol(port.At("protocol")), target.Text() is null ? targetNumber : null, target.Text());
        });
        return new ReachService(
            service.At("metadata", "namespace").Text("default"), service.At("metadata", "name").Text(""), selector, [.. ports]);
    }

    /// <summary>The addresses and ports of an EndpointSlice.</summary>
    public static IEnumerable<IPEndPoint> Endpoints(JsonElement slice) =>
        from endpoint in slice.At("endpoints").Items()
        from address in endpoint.At("addresses").Items()
        from port in slice.At("ports").Items()
        where IPAddress.TryParse(address.Text(), out _)
        select new IPEndPoint(IPAddress.Parse(address.Text("")), port.At("port").Integer(0));

    private static TransportProtocol Protocol(JsonElement protocol) => protocol.Text("TCP") switch
    {
        "UDP" => TransportProtocol.Udp,
        "SCTP" => TransportProtocol.Sctp,
        _ => TransportProtocol.Tcp,
    };
}
