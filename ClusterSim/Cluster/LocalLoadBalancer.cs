using System.Net;
using ClusterSim.Controllers.Services;
using ClusterSim.Network.Services;
using ClusterSim.Storage;

namespace ClusterSim;

/// <summary>The load balancer of a simulated cluster: loopback ports of this machine.</summary>
internal sealed class LocalLoadBalancer(LocalPorts ports) : ILoadBalancer
{
    /// <inheritdoc/>
    public LoadBalancerIngress EnsureLoadBalancer(Document service) =>
        new(IPAddress.Loopback, [.. ports.Open(ServiceRecord.Read(service)).Select(port => port.Port)], "Proxy");

    /// <inheritdoc/>
    public void EnsureLoadBalancerDeleted(ObjectKey service) => ports.Close(service);
}
