using ClusterSim.Controllers.Services;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Ingresses;

/// <summary>The server that answers for Ingresses.</summary>
internal interface IIngressServer
{
    /// <summary>Where the server is reached.</summary>
    LoadBalancerIngress Address { get; }

    /// <summary>Returns whether the Ingress has a class that the server serves.</summary>
    bool Serves(Document ingress);
}
