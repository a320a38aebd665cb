using ClusterSim.Storage;

namespace ClusterSim.Admission;

/// <summary>Sets the default StorageClass in claims that name none (<c>plugin/pkg/admission/storage/storageclass/setdefault</c>).</summary>
internal sealed class DefaultStorageClass(VersionedStore store) : AdmissionPlugin
{
    private static readonly GroupResource Claims = new("", "persistentvolumeclaims");
    private static readonly GroupResource StorageClasses = new("storage.k8s.io", "storageclasses");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (!Is(request, Claims, Create))
            return;
        var spec = request.Object!.Ensure("spec");
        if (spec.Text("storageClassName") is not null || request.Object!["metadata"]?["annotations"]?["volume.beta.kubernetes.io/storage-class"] is not null)
            return;
        if (DefaultClass.Of(store.Current(StorageClasses), "storageclass.kubernetes.io/is-default-class") is { } chosen)
            spec["storageClassName"] = chosen.Name;
    }
}
