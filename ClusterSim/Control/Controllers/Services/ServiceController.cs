using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Services;

/// <summary>
/// Has a load balancer made for each LoadBalancer Service, and writes its address into the status (<c>k8s.io/cloud-provider/controllers/service</c>).
/// NodePort Services have their ports opened too, without a status: the nodes of a simulated cluster have no addresses outside it.
/// </summary>
internal sealed class ServiceController : Controller
{
    // minRetryDelay.
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(5);

    private readonly ILoadBalancer _loadBalancer;
    private readonly ResourceType _services;

    /// <summary>A controller of Services.</summary>
    public ServiceController(ControllerContext context, ILoadBalancer loadBalancer)
        : base(context)
    {
        _loadBalancer = loadBalancer;
        _services = Client.Resource("services");
        ForEach(_services);
    }

    /// <inheritdoc/>
    protected override int Workers => 1;

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Client.Find(_services, key) is not { } service || service.Spec.At("type").Text() is not ("NodePort" or "LoadBalancer"))
        {
            _loadBalancer.EnsureLoadBalancerDeleted(key);
            return null;
        }
        LoadBalancerIngress ingress;
        try
        {
            ingress = _loadBalancer.EnsureLoadBalancer(service);
        }
        catch (IOException ex)
        {
            Context.Events.Warning(service, "SyncLoadBalancerFailed", $"Error syncing load balancer: {ex.Message}");
            return RetryDelay;
        }
        if (service.Spec.At("type").Text() == "LoadBalancer")
            Client.Change(_services, key, ingress.SetIn, "status");
        return null;
    }
}
