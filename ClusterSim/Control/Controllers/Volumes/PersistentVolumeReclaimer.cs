using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Volumes;

/// <summary>The other half of the volume controller: volumes' phases, and what becomes of a volume whose claim is gone (<c>pv_controller.go</c>).</summary>
internal sealed class PersistentVolumeReclaimer : Controller
{
    private readonly ResourceType _claims;
    private readonly ResourceType _volumes;

    /// <summary>A controller of PersistentVolumes.</summary>
    public PersistentVolumeReclaimer(ControllerContext context)
        : base(context)
    {
        _claims = Client.Resource("persistentvolumeclaims");
        _volumes = Client.Resource("persistentvolumes");
        ForEach(_volumes);
        context.Informers.Handle(_claims, change =>
        {
            if (change.Change == StoreChange.Deleted && change.Document.Spec.At("volumeName").Text() is { Length: > 0 } volume)
                Queue.Add(new ObjectKey(null, volume));
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_volumes).Find(key) is not { IsDeleting: false } volume)
            return null;
        var reference = volume.Spec.At("claimRef");
        if (!reference.Exists() || reference.At("uid").Text("").Length == 0)
        {
            Write(volume, "Available");
            return null;
        }
        var claim = Current(_claims).Find(new ObjectKey(reference.At("namespace").Text(), reference.At("name").Text("")));
        if (claim is not null && claim.Uid == reference.At("uid").Text())
            return null;
        switch (volume.Spec.At("persistentVolumeReclaimPolicy").Text("Retain"))
        {
            case "Delete" when volume.Annotation(PersistentVolumeController.ProvisionedBy) == VolumeProvisioner.Name:
                Write(volume, "Released");
                Client.Delete(_volumes, key, new DeleteOptions { PreconditionUid = volume.Uid });
                break;
            default:
                // Retained, or somebody else's to delete.
                Write(volume, "Released");
                break;
        }
        return null;
    }

    private void Write(Document volume, string phase)
    {
        if (volume.Status.At("phase").Text() == phase)
            return;
        Client.Change(_volumes, volume.Key, @object =>
        {
            var status = @object.Ensure("status");
            status["phase"] = phase;
            status["lastPhaseTransitionTime"] = Now.Stamp();
            return true;
        }, "status");
    }
}
