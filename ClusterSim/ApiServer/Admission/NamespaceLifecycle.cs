using System.Text.Json.Nodes;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Admission;

/// <summary>
/// Refuses to create objects in a namespace that is missing or terminating, and to delete the system's own namespaces
/// (<c>k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle</c>).
/// </summary>
internal sealed class NamespaceLifecycle(VersionedStore store) : AdmissionPlugin
{
    private static readonly GroupResource Namespaces = new("", "namespaces");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        var target = request.Target;
        if (request.Operation == Delete && target.Resource.GroupResource == Namespaces)
        {
            if (target.Name is "default" or "kube-system" or "kube-public")
                throw Forbidden(request, "this namespace may not be deleted");
            return;
        }
        if (request.Operation == Delete || !target.Resource.Namespaced || target.Namespace is not { } name)
            return;
        var @namespace = store.Find(Namespaces, new(null, name)) ?? throw KubernetesApiException.NotFound(Namespaces, name);
        if (request.Operation != Create || (!@namespace.IsDeleting && @namespace.Status.At("phase").Text() != "Terminating"))
            return;
        var refusal = Forbidden(request, $"unable to create new content in namespace {name} because it is being terminated");
        refusal.Details!["causes"] = new JsonArray(Object(
            ("reason", "NamespaceTerminating"), ("message", $"namespace {name} is being terminated"), ("field", "metadata.namespace")));
        throw refusal;
    }
}
