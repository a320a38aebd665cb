using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Volumes;

/// <summary>
/// Binds claims to volumes, to a fitting one that is there or to one provisioned for it (<c>pkg/controller/volume/persistentvolume</c>), and
/// keeps the phases of claims. Volumes of a claim that is gone are released by <see cref="PersistentVolumeReclaimer"/>.
/// </summary>
internal sealed class PersistentVolumeController : Controller
{
    public const string BoundByController = "pv.kubernetes.io/bound-by-controller";
    public const string ProvisionedBy = "pv.kubernetes.io/provisioned-by";
    private const string StorageProvisioner = "volume.kubernetes.io/storage-provisioner";
    private const string BetaStorageProvisioner = "volume.beta.kubernetes.io/storage-provisioner";
    private const string DefaultClass = "storageclass.kubernetes.io/is-default-class";

    private readonly ResourceType _claims;
    private readonly ResourceType _volumes;
    private readonly ResourceType _classes;
    private readonly VolumeProvisioner _provisioner;

    /// <summary>A binder that provisions through <paramref name="provisioner"/>.</summary>
    public PersistentVolumeController(ControllerContext context, VolumeProvisioner provisioner)
        : base(context)
    {
        _provisioner = provisioner;
        _claims = Client.Resource("persistentvolumeclaims");
        _volumes = Client.Resource("persistentvolumes");
        _classes = Client.Resource("storageclasses", "storage.k8s.io");
        ForEach(_claims);
        context.Informers.Handle(_volumes, change =>
        {
            var reference = change.Document.Spec.At("claimRef");
            if (reference.Exists())
                Queue.Add(new ObjectKey(reference.At("namespace").Text(), reference.At("name").Text("")));
            else if (change.Change != StoreChange.Deleted)
                EnqueuePending();
        });
        context.Informers.Handle(_classes, _ => EnqueuePending());
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_claims).Find(key) is not { } claim || claim.IsDeleting)
            return null;
        if (claim.Annotation(PersistentVolumeClaims.BindCompleted) is not null)
            KeepBound(claim);
        else if (claim.Spec.At("volumeName").Text() is { Length: > 0 } wanted)
            BindTo(claim, wanted);
        else
            return Match(claim);
        return null;
    }

    private void EnqueuePending()
    {
        foreach (var claim in Current(_claims).All())
            if (claim.Status.At("phase").Text() != "Bound")
                Queue.Add(claim.Key);
    }

    private void KeepBound(Document claim)
    {
        var volume = Volume(claim.Spec.At("volumeName").Text(""));
        if (volume is null || !RefersTo(volume, claim))
        {
            if (claim.Status.At("phase").Text() == "Lost")
                return;
            Context.Events.Warning(claim, volume is null ? "ClaimLost" : "ClaimMisbound",
                volume is null
                    ? "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
                    : "Two claims are bound to the same volume, this one is bound incorrectly");
            WriteClaim(claim, "Lost", null);
            return;
        }
        Complete(claim, Expand(claim, volume));
    }

    /// <summary>
    /// A bound claim that asks for more gets it, as external-resizer does for drivers that can while a volume is in use: admission lets only
    /// classes with <c>allowVolumeExpansion</c> ask. The folder behind it has no size of its own to change.
    /// </summary>
    private Document Expand(Document claim, Document volume)
    {
        var asked = claim.Spec.At("resources", "requests", "storage");
        if (volume.Spec.At("csi", "driver").Text() != VolumeProvisioner.Name
            || !Quantity.TryParse(asked.Text(""), out var wanted, out _)
            || !Quantity.TryParse(volume.Spec.At("capacity", "storage").Text(""), out var has, out _)
            || (wanted - has).Sign <= 0)
            return volume;
        Context.Events.Normal(claim, "Resizing", $"External resizer is resizing volume {volume.Name}");
        var grown = Client.Change(_volumes, volume.Key, @object =>
        {
            @object.Ensure("spec").Ensure("capacity")["storage"] = asked.ToNode();
            return true;
        }) ?? volume;
        Context.Events.Normal(claim, "FileSystemResizeSuccessful", "MountVolume.NodeExpandVolume succeeded for volume \"" + volume.Name + "\"");
        return grown;
    }

    private void BindTo(Document claim, string name)
    {
        if (Volume(name) is not { } volume)
        {
            WriteClaim(claim, "Pending", null);
            return;
        }
        var reference = volume.Spec.At("claimRef");
        if (reference.Exists() && !RefersTo(volume, claim) && !IsReservedFor(volume, claim))
        {
            WriteClaim(claim, "Pending", null);
            return;
        }
        Complete(claim, Reserve(volume, claim, byController: false));
    }

    private TimeSpan? Match(Document claim)
    {
        var @class = PersistentVolumeClaims.ClassOf(claim);
        if (@class is null && DefaultStorageClass() is { } fallback)
        {
            Client.Change(_claims, claim.Key, @object =>
            {
                @object.Ensure("spec")["storageClassName"] = fallback.Name;
                return true;
            });
            return null;
        }
        var storageClass = string.IsNullOrEmpty(@class) ? null : Current(_classes).Find(new ObjectKey(null, @class));
        var delayed = storageClass?.Root.At("volumeBindingMode").Text() == "WaitForFirstConsumer" && claim.Annotation(PersistentVolumeClaims.SelectedNode) is null;
        var reserved = Current(_volumes).All().FirstOrDefault(volume => RefersTo(volume, claim) || IsReservedFor(volume, claim));
        if (reserved is not null || !delayed)
        {
            var fitting = reserved ?? VolumeMatching.Smallest(claim, Current(_volumes).All());
            if (fitting is not null)
            {
                Complete(claim, Reserve(fitting, claim, byController: true));
                return null;
            }
        }
        if (delayed)
        {
            Context.Events.Normal(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
            WriteClaim(claim, "Pending", null);
            return null;
        }
        if (string.IsNullOrEmpty(@class))
        {
            Context.Events.Normal(claim, "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
            WriteClaim(claim, "Pending", null);
            return null;
        }
        if (storageClass is null)
        {
            Context.Events.Warning(claim, "ProvisioningFailed", $"storageclass.storage.k8s.io \"{@class}\" not found");
            WriteClaim(claim, "Pending", null);
            return null;
        }
        Provision(claim, storageClass);
        return null;
    }

    private void Provision(Document claim, Document storageClass)
    {
        var provisioner = storageClass.Root.At("provisioner").Text("");
        if (claim.Annotation(StorageProvisioner) != provisioner)
            claim = Client.Change(_claims, claim.Key, @object =>
            {
                var annotations = @object.Ensure("metadata").Ensure("annotations");
                annotations[StorageProvisioner] = provisioner;
                annotations[BetaStorageProvisioner] = provisioner;
                return true;
            }) ?? claim;
        WriteClaim(claim, "Pending", null);
        if (provisioner != VolumeProvisioner.Name)
        {
            if (provisioner != "kubernetes.io/no-provisioner")
                Context.Events.Normal(claim, "ExternalProvisioning",
                    $"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.");
            return;
        }
        _provisioner.Provision(claim, storageClass);
        Queue.Add(claim.Key);
    }

    private Document Reserve(Document volume, Document claim, bool byController)
    {
        if (RefersTo(volume, claim))
            return volume;
        return Client.Change(_volumes, volume.Key, @object =>
        {
            var spec = @object.Ensure("spec");
            spec["claimRef"] = Object(
                ("apiVersion", "v1"), ("kind", "PersistentVolumeClaim"), ("namespace", claim.Namespace), ("name", claim.Name), ("uid", claim.Uid),
                ("resourceVersion", claim.Metadata.At("resourceVersion").Text()));
            if (byController)
                @object.Ensure("metadata").Ensure("annotations")[BoundByController] = "yes";
            return true;
        }) ?? volume;
    }

    private void Complete(Document claim, Document volume)
    {
        if (volume.Status.At("phase").Text() != "Bound")
            Client.Change(_volumes, volume.Key, @object =>
            {
                var status = @object.Ensure("status");
                status["phase"] = "Bound";
                status["lastPhaseTransitionTime"] = Now.Stamp();
                return true;
            }, "status");
        if (claim.Spec.At("volumeName").Text() != volume.Name || claim.Annotation(PersistentVolumeClaims.BindCompleted) is null)
            claim = Client.Change(_claims, claim.Key, @object =>
            {
                var annotations = @object.Ensure("metadata").Ensure("annotations");
                annotations[PersistentVolumeClaims.BindCompleted] = "yes";
                if ((@object["spec"] as JsonObject).Text("volumeName") != volume.Name)
                    annotations[BoundByController] = "yes";
                @object.Ensure("spec")["volumeName"] = volume.Name;
                return true;
            }) ?? claim;
        WriteClaim(claim, "Bound", volume);
    }

    private void WriteClaim(Document claim, string phase, Document? volume) => Client.Change(_claims, claim.Key, @object =>
    {
        var status = @object.Ensure("status");
        var before = status.DeepClone();
        status["phase"] = phase;
        if (volume is not null)
        {
            status["accessModes"] = volume.Spec.At("accessModes").ToNode();
            status["capacity"] = volume.Spec.At("capacity").ToNode();
        }
        else if (phase == "Pending")
        {
            status.Remove("accessModes");
            status.Remove("capacity");
        }
        return !JsonNode.DeepEquals(before, status);
    }, "status");

    private Document? Volume(string name) => Current(_volumes).Find(new ObjectKey(null, name));

    private static bool RefersTo(Document volume, Document claim) => volume.Spec.At("claimRef", "uid").Text() == claim.Uid;

    /// <summary>Whether somebody set the volume aside for this claim by name.</summary>
    private static bool IsReservedFor(Document volume, Document claim)
    {
        var reference = volume.Spec.At("claimRef");
        return reference.At("uid").Text("").Length == 0 && reference.At("name").Text() == claim.Name && reference.At("namespace").Text() == claim.Namespace;
    }

    private Document? DefaultStorageClass() => Current(_classes).All()
        .Where(one => one.Annotation(DefaultClass) == "true").OrderByDescending(one => one.Created()).ThenBy(one => one.Name, StringComparer.Ordinal).FirstOrDefault();
}
