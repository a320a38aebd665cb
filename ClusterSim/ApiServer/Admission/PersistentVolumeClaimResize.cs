using ClusterSim.Storage;

namespace ClusterSim.Admission;

/// <summary>Allows a claim to grow only when it is bound and its class allows expansion (<c>plugin/pkg/admission/storage/persistentvolume/resize</c>).</summary>
internal sealed class PersistentVolumeClaimResize(VersionedStore store) : AdmissionPlugin
{
    private static readonly GroupResource Claims = new("", "persistentvolumeclaims");
    private static readonly GroupResource StorageClasses = new("storage.k8s.io", "storageclasses");

    /// <inheritdoc/>
    public override void Validate(AdmissionRequest request)
    {
        if (!Is(request, Claims, Update))
            return;
        var wanted = request.Object!["spec"]?["resources"]?["requests"]?["storage"]?.ToString();
        var had = request.Old.At("spec", "resources", "requests").At("storage").Text();
        if (wanted is null || had is null || !Quantity.TryParse(wanted, out var more, out _) || !Quantity.TryParse(had, out var less, out _) || more <= less)
            return;
        if (request.Old.At("status", "phase").Text() != "Bound")
            throw Forbidden(request, "Only bound persistent volume claims can be expanded");
        var name = request.Old.At("spec", "storageClassName").Text("");
        if (name.Length == 0 || store.Find(StorageClasses, new(null, name))?.Root.At("allowVolumeExpansion").Flag(false) is not true)
            throw Forbidden(request, "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize");
    }
}
