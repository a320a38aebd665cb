using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Volumes;

/// <summary>
/// The simulator's own dynamic provisioner: a volume is an id (<c>spec.csi.volumeHandle</c>); the node that mounts it keeps a folder under that
/// id. As all nodes are on one machine, any node can mount it.
/// </summary>
internal sealed class VolumeProvisioner(ControllerContext context)
{
    /// <summary>The driver's name in StorageClasses and volumes.</summary>
    public const string Name = "folders.clustersim";

    private readonly ResourceType _volumes = context.Client.Resource("persistentvolumes");

    /// <summary>Makes the volume of a claim, reserved for it.</summary>
    public void Provision(Document claim, Document storageClass)
    {
        var name = $"pvc-{claim.Uid}";
        if (context.Client.Server.Store.Find(_volumes.GroupResource, new ObjectKey(null, name)) is not null)
            return;
        context.Events.Normal(claim, "Provisioning", $"External provisioner is provisioning volume for claim \"{claim.Namespace}/{claim.Name}\"");
        var volume = Object(
            ("apiVersion", "v1"),
            ("kind", "PersistentVolume"),
            ("metadata", Object(
                ("name", name),
                ("annotations", Object((PersistentVolumeController.ProvisionedBy, Name))),
                ("finalizers", new JsonArray("kubernetes.io/pv-protection")))),
            ("spec", Object(
                ("accessModes", claim.Spec.At("accessModes").ToNode()),
                ("capacity", Object(("storage", claim.Spec.At("resources", "requests", "storage").ToNode()))),
                ("claimRef", Object(
                    ("apiVersion", "v1"), ("kind", "PersistentVolumeClaim"), ("namespace", claim.Namespace), ("name", claim.Name), ("uid", claim.Uid),
                    ("resourceVersion", claim.Metadata.At("resourceVersion").Text()))),
                ("csi", Object(("driver", Name), ("fsType", "ext4"), ("volumeHandle", name))),
                ("persistentVolumeReclaimPolicy", storageClass.Root.At("reclaimPolicy").Text("Delete")),
                ("storageClassName", storageClass.Name),
                ("volumeMode", claim.Spec.At("volumeMode").Text("Filesystem")))));
        try
        {
            context.Client.Create(_volumes, volume);
        }
        catch (KubernetesApiException refused) when (refused.Reason != "AlreadyExists")
        {
            context.Events.Warning(claim, "ProvisioningFailed", $"failed to provision volume with StorageClass \"{storageClass.Name}\": {refused.Message}");
            throw;
        }
        context.Events.Normal(claim, "ProvisioningSucceeded", $"Successfully provisioned volume {name}");
    }
}
