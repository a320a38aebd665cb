using ClusterSim.Storage;

namespace ClusterSim.Objects;

/// <summary>Reads persistent volume claims, and the claims of pods, as <c>component-helpers/storage/volume</c> does.</summary>
internal static class PersistentVolumeClaims
{
    /// <summary>The annotation that says that the binding of a claim is complete.</summary>
    public const string BindCompleted = "pv.kubernetes.io/bind-completed";

    /// <summary>The annotation with the node that the scheduler chose for the first consumer.</summary>
    public const string SelectedNode = "volume.kubernetes.io/selected-node";

    /// <summary>The class a claim is of; null for none said.</summary>
    public static string? ClassOf(Document claim) =>
        claim.Annotation("volume.beta.kubernetes.io/storage-class") ?? claim.Spec.At("storageClassName").Text();

    /// <summary>The claims a pod mounts, those of its ephemeral volumes included.</summary>
    public static IEnumerable<string> NamesOf(Document pod)
    {
        foreach (var volume in pod.Spec.At("volumes").Items())
        {
            if (volume.At("persistentVolumeClaim", "claimName").Text() is { } claim)
                yield return claim;
            else if (volume.At("ephemeral").Exists())
                yield return $"{pod.Name}-{volume.At("name").Text()}";
        }
    }
}
