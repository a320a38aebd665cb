using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Volumes;

/// <summary>Keeps claims that a pod uses from being deleted (<c>pkg/controller/volume/pvcprotection</c>).</summary>
internal sealed class PVCProtectionController : ProtectionController
{
    private readonly ResourceType _pods;

    /// <summary>A controller of PersistentVolumeClaims.</summary>
    public PVCProtectionController(ControllerContext context)
        : base(context, "persistentvolumeclaims", "kubernetes.io/pvc-protection")
    {
        _pods = Client.Resource("pods");
        context.Informers.Handle(_pods, change =>
        {
            if (change.Change == StoreChange.Deleted || change.Document.IsEnded())
                foreach (var name in PersistentVolumeClaims.NamesOf(change.Document))
                    Queue.Add(new ObjectKey(change.Document.Namespace, name));
        });
    }

    /// <inheritdoc/>
    protected override bool IsBeingUsed(Document document) => Current(_pods).All(document.Namespace).Any(pod =>
        !pod.IsEnded() && pod.NodeName is not null && PersistentVolumeClaims.NamesOf(pod).Contains(document.Name, StringComparer.Ordinal));
}
