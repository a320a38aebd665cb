using System.Text.Json.Nodes;

namespace ClusterSim.Admission;

/// <summary>
/// Adds a finalizer to volumes and claims, which the protection controllers remove when they are no longer in use
/// (<c>plugin/pkg/admission/storage/storageobjectinuseprotection</c>).
/// </summary>
internal sealed class StorageObjectInUseProtection : AdmissionPlugin
{
    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        var finalizer = request.Target.Resource is { Group: "", Name: "persistentvolumeclaims" } ? "kubernetes.io/pvc-protection"
            : request.Target.Resource is { Group: "", Name: "persistentvolumes" } ? "kubernetes.io/pv-protection" : null;
        if (finalizer is null || request.Operation != Create || request.Target.Subresource is not null)
            return;
        var metadata = request.Object!.Ensure("metadata");
        if (metadata["finalizers"] is not JsonArray finalizers)
            metadata["finalizers"] = finalizers = [];
        if (!finalizers.Any(item => item?.GetValue<string>() == finalizer))
            finalizers.Add(finalizer);
    }
}
