using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Certificates;

/// <summary>
/// Every namespace has the ConfigMap <c>kube-root-ca.crt</c> with the certificate that the API server's is signed by
/// (<c>pkg/controller/certificates/rootcacertpublisher</c>); a change of it is undone.
/// </summary>
internal sealed class RootCACertPublisher : Controller
{
    private const string Name = "kube-root-ca.crt";
    private const string Description = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.";

    private readonly ResourceType _namespaces;
    private readonly ResourceType _configMaps;
    private readonly string _certificate;

    /// <summary>A publisher of <paramref name="certificate"/> (PEM).</summary>
    public RootCACertPublisher(ControllerContext context, string certificate)
        : base(context)
    {
        _certificate = certificate;
        _namespaces = Client.Resource("namespaces");
        _configMaps = Client.Resource("configmaps");
        ForEach(_namespaces);
        context.Informers.Handle(_configMaps, change =>
        {
            if (change.Document.Name == Name && change.Change != StoreChange.Added)
                Queue.Add(new ObjectKey(null, change.Document.Namespace!));
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_namespaces).Find(key) is not { IsDeleting: false })
            return null;
        var data = Object(("ca.crt", _certificate));
        if (Current(_configMaps).Find(new ObjectKey(key.Name, Name)) is { } present)
        {
            if (present.Root.At("data", "ca.crt").Text() == _certificate && present.Root.At("data").Count() == 1)
                return null;
            var @object = present.ToObject();
            @object["data"] = data;
            @object.Ensure("metadata").Ensure("annotations")["kubernetes.io/description"] = Description;
            Client.Update(_configMaps, @object);
            return null;
        }
        try
        {
            Client.Create(_configMaps, Object(
                ("apiVersion", "v1"),
                ("kind", "ConfigMap"),
                ("metadata", Object(("name", Name), ("namespace", key.Name), ("annotations", Object(("kubernetes.io/description", Description))))),
                ("data", data)));
        }
        catch (KubernetesApiException refused) when (PodControl.IsNamespaceTerminating(refused))
        {
            // The namespace ended in between.
        }
        return null;
    }
}
