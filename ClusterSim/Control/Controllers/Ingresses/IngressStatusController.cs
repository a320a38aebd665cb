using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Ingresses;

/// <summary>Writes into the status of each Ingress where its server is reached (<c>internal/ingress/status</c> of ingress-nginx).</summary>
internal sealed class IngressStatusController : Controller
{
    private readonly IIngressServer _server;
    private readonly ResourceType _ingresses;

    /// <summary>A controller of Ingresses; start it once the server listens.</summary>
    public IngressStatusController(ControllerContext context, IIngressServer server)
        : base(context)
    {
        _server = server;
        _ingresses = Client.Resource("ingresses", "networking.k8s.io");
        ForEach(_ingresses);
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Client.Find(_ingresses, key) is { } ingress && _server.Serves(ingress))
            Client.Change(_ingresses, key, _server.Address.SetIn, "status");
        return null;
    }
}
