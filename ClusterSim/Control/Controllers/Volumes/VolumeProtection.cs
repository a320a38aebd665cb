using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Volumes;

/// <summary>
/// Claims in use by a pod, and volumes bound to a claim, do not go before their users: a finalizer holds them
/// (<c>pkg/controller/volume/pvcprotection</c>, <c>pvprotection</c>).
/// </summary>
internal sealed class VolumeProtection : Controller
{
    private readonly ResourceType _resource;
    private readonly ResourceType _claims;
    private readonly ResourceType _volumes;
    private readonly ResourceType _pods;
    private readonly string _finalizer;

    private VolumeProtection(ControllerContext context, string resource, string finalizer)
        : base(context)
    {
        _resource = Client.Resource(resource);
        _finalizer = finalizer;
        _claims = Client.Resource("persistentvolumeclaims");
        _volumes = Client.Resource("persistentvolumes");
        _pods = Client.Resource("pods");
        ForEach(_resource);
    }

    /// <summary>Protects claims that pods use.</summary>
    public static VolumeProtection OfClaims(ControllerContext context)
    {
        var made = new VolumeProtection(context, "persistentvolumeclaims", "kubernetes.io/pvc-protection");
        context.Informers.Handle(made._pods, change =>
        {
            if (change.Change == StoreChange.Deleted || change.Document.IsEnded())
                foreach (var name in PersistentVolumeClaims.NamesOf(change.Document))
                    made.Queue.Add(new ObjectKey(change.Document.Namespace, name));
        });
        return made;
    }

    /// <summary>Protects volumes that are bound.</summary>
    public static VolumeProtection OfVolumes(ControllerContext context)
    {
        var made = new VolumeProtection(context, "persistentvolumes", "kubernetes.io/pv-protection");
        context.Informers.Handle(made._claims, change =>
        {
            if (change.Change == StoreChange.Deleted && change.Document.Spec.At("volumeName").Text() is { Length: > 0 } volume)
                made.Queue.Add(new ObjectKey(null, volume));
        });
        return made;
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_resource).Find(key) is not { } document)
            return null;
        if (document.IsDeleting ? !document.HasFinalizer(_finalizer) || IsUsed(document) : document.HasFinalizer(_finalizer))
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

    private bool IsUsed(Document document)
    {
        if (_resource == _volumes)
            return document.Status.At("phase").Text() == "Bound"
                && document.Spec.At("claimRef") is var claim
                && Current(_claims).Find(new ObjectKey(claim.At("namespace").Text(), claim.At("name").Text(""))) is { } bound
                && bound.Uid == claim.At("uid").Text();
        return Current(_pods).All(document.Namespace).Any(pod => !pod.IsEnded() && pod.NodeName is not null && PersistentVolumeClaims.NamesOf(pod).Contains(document.Name, StringComparer.Ordinal));
    }
}
