using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.ServiceAccounts;

/// <summary>Every namespace has the ServiceAccount <c>default</c> (<c>pkg/controller/serviceaccount</c>).</summary>
internal sealed class ServiceAccountController : Controller
{
    private readonly ResourceType _namespaces;
    private readonly ResourceType _accounts;

    /// <summary>A controller that makes service accounts.</summary>
    public ServiceAccountController(ControllerContext context)
        : base(context)
    {
        _namespaces = Client.Resource("namespaces");
        _accounts = Client.Resource("serviceaccounts");
        ForEach(_namespaces);
        context.Informers.Handle(_accounts, change =>
        {
            if (change.Change == StoreChange.Deleted)
                Queue.Add(new ObjectKey(null, change.Document.Namespace!));
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_namespaces).Find(key) is not { IsDeleting: false } || Current(_accounts).Find(new ObjectKey(key.Name, "default")) is not null)
            return null;
        try
        {
            Client.Create(_accounts, Object(("apiVersion", "v1"), ("kind", "ServiceAccount"), ("metadata", Object(("name", "default"), ("namespace", key.Name)))));
        }
        catch (KubernetesApiException refused) when (PodControl.IsNamespaceTerminating(refused) || refused.Reason == "AlreadyExists")
        {
            // The namespace ended, or somebody was quicker: as it should be.
        }
        return null;
    }
}
