using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Volumes;

/// <summary>Keeps a finalizer on objects, and removes it from one that is being deleted once nothing uses it.</summary>
internal abstract class ProtectionController : Controller
{
    private readonly ResourceType _resource;
    private readonly string _finalizer;

    /// <summary>A controller that protects the objects of a resource with this finalizer.</summary>
    protected ProtectionController(ControllerContext context, string resource, string finalizer)
        : base(context)
    {
        _resource = Client.Resource(resource);
        _finalizer = finalizer;
        ForEach(_resource);
    }

    /// <inheritdoc/>
    protected sealed override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_resource).Find(key) is not { } document)
            return null;
        if (document.IsDeleting ? !document.HasFinalizer(_finalizer) || IsBeingUsed(document) : document.HasFinalizer(_finalizer))
            return null;
        Client.Change(_resource, key, @object =>
        {
            var metadata = @object.Ensure("metadata");
            var finalizers = (metadata["finalizers"] as JsonArray)?.Select(one => one!.GetValue<string>()).ToList() ?? [];
            var changed = document.IsDeleting ? finalizers.Remove(_finalizer) : !finalizers.Contains(_finalizer);
            if (!document.IsDeleting && changed)
                finalizers.Add(_finalizer);
            if (finalizers.Count == 0)
                metadata.Remove("finalizers");
            else
                metadata["finalizers"] = new JsonArray([.. finalizers.Select(name => JsonValue.Create(name))]);
            return changed;
        });
        return null;
    }

    /// <summary>Returns whether an object that is being deleted is in use.</summary>
    protected abstract bool IsBeingUsed(Document document);
}
