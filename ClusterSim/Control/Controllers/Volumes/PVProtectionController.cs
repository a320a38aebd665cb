using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Volumes;

/// <summary>Keeps volumes that are bound to a claim from being deleted (<c>pkg/controller/volume/pvprotection</c>).</summary>
internal sealed class PVProtectionController : ProtectionController
{
    private readonly ResourceType _claims;

    /// <summary>A controller of PersistentVolumes.</summary>
    public PVProtectionController(ControllerContext context)
        : base(context, "persistentvolumes", "kubernetes.io/pv-protection")
    {
        _claims = Client.Resource("persistentvolumeclaims");
        context.Informers.Handle(_claims, change =>
        {
            if (change.Change == StoreChange.Deleted && change.Document.Spec.At("volumeName").Text() is { Length: > 0 } volume)
                Queue.Add(new ObjectKey(null, volume));
        });
    }

    /// <inheritdoc/>
    protected override bool IsBeingUsed(Document document) => document.Status.At("phase").Text() == "Bound"
        && document.Spec.At("claimRef") is var claim
        && Current(_claims).Find(new ObjectKey(claim.At("namespace").Text(), claim.At("name").Text(""))) is { } bound
        && bound.Uid == claim.At("uid").Text();
}
