using ClusterSim.Storage;

namespace ClusterSim.Controllers.Services;

/// <summary>Makes Services reachable from outside the cluster (<c>LoadBalancer</c> of <c>k8s.io/cloud-provider</c>).</summary>
internal interface ILoadBalancer
{
    /// <summary>Opens the ports of a Service, and closes those that it no longer has; returns where it is reached.</summary>
    /// <exception cref="IOException">A port cannot be opened.</exception>
    LoadBalancerIngress EnsureLoadBalancer(Document service);

    /// <summary>Closes the ports of a Service, if any are open.</summary>
    void EnsureLoadBalancerDeleted(ObjectKey service);
}
