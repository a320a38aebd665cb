using System.Net;
using ClusterSim.Controllers.Ingresses;
using ClusterSim.Controllers.Services;
using ClusterSim.Network.Ingresses;
using ClusterSim.Storage;

namespace ClusterSim;

/// <summary>The ingress server of a simulated cluster as its controller sees it: an address and the Ingresses it serves.</summary>
internal sealed class LocalIngressServer(IngressServer server) : IIngressServer
{
    /// <inheritdoc/>
    public LoadBalancerIngress Address => new(IPAddress.Loopback, [server.HttpPort, server.HttpsPort], IpMode: null);

    /// <inheritdoc/>
    public bool Serves(Document ingress) => server.Serves(ingress);
}
