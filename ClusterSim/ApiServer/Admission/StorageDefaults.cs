using System.Text.Json.Nodes;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Admission;

/// <summary>Which of several classes is the default: the newest that says so, by name where equally new.</summary>
internal static class DefaultClass
{
    /// <summary>The default; null where no class says so.</summary>
    public static Document? Of(StoreSnapshot classes, string annotation) => classes.All()
        .Where(one => one.Metadata.At("annotations", annotation).Text() == "true")
        .OrderByDescending(one => one.Metadata.At("creationTimestamp").Time()).ThenBy(one => one.Name, StringComparer.Ordinal).FirstOrDefault();
}

/// <summary>A claim that names no StorageClass gets the default one.</summary>
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

/// <summary>An Ingress that names no IngressClass gets the default one.</summary>
internal sealed class DefaultIngressClass(VersionedStore store) : AdmissionPlugin
{
    private static readonly GroupResource Ingresses = new("networking.k8s.io", "ingresses");
    private static readonly GroupResource IngressClasses = new("networking.k8s.io", "ingressclasses");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (!Is(request, Ingresses, Create))
            return;
        var spec = request.Object!.Ensure("spec");
        if (spec.Text("ingressClassName") is not null || request.Object!["metadata"]?["annotations"]?["kubernetes.io/ingress.class"] is not null)
            return;
        if (DefaultClass.Of(store.Current(IngressClasses), "ingressclass.kubernetes.io/is-default-class") is { } chosen)
            spec["ingressClassName"] = chosen.Name;
    }
}

/// <summary>Volumes and claims in use outlive their deletion: a finalizer that the protection controllers take off.</summary>
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

/// <summary>Only a bound claim whose class allows it may grow.</summary>
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

/// <summary>Every namespace is labelled with its name, so that policies can select it.</summary>
internal sealed class NamespaceNameLabel : AdmissionPlugin
{
    private static readonly GroupResource Namespaces = new("", "namespaces");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (request.Object is not null && request.Target.Resource.GroupResource == Namespaces && NameOf(request) is { Length: > 0 } name)
            request.Object.Ensure("metadata").Ensure("labels")["kubernetes.io/metadata.name"] = name;
    }
}
