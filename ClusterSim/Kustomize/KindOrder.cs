namespace ClusterSim.Manifests;

/// <summary>kustomize's default order (<c>legacy</c>): what others need comes first, what calls out comes last.</summary>
internal static class KindOrder
{
    private static readonly IReadOnlyList<string> First =
    [
        "Namespace", "ResourceQuota", "StorageClass", "CustomResourceDefinition", "ServiceAccount", "PodSecurityPolicy", "Role", "ClusterRole",
        "RoleBinding", "ClusterRoleBinding", "ConfigMap", "Secret", "Endpoints", "Service", "LimitRange", "PriorityClass", "PersistentVolume",
        "PersistentVolumeClaim", "Deployment", "StatefulSet", "CronJob", "PodDisruptionBudget",
    ];

    private static readonly IReadOnlyList<string> Last = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

    /// <summary>The manifests in that order; those of one kind by group, version, namespace and name.</summary>
    public static IReadOnlyList<Manifest> Sort(IEnumerable<Manifest> manifests) =>
        [.. manifests
            .OrderBy(manifest => Rank(manifest.Kind))
            .ThenBy(manifest => manifest.ApiVersion, StringComparer.Ordinal)
            .ThenBy(manifest => manifest.Kind, StringComparer.Ordinal)
            .ThenBy(manifest => manifest.Namespace, StringComparer.Ordinal)
            .ThenBy(manifest => manifest.Name, StringComparer.Ordinal)];

    private static int Rank(string kind)
    {
        for (var i = 0; i < First.Count; i++)
            if (First[i] == kind)
                return i - First.Count;
        for (var i = 0; i < Last.Count; i++)
            if (Last[i] == kind)
                return i + 1;
        return 0;
    }
}
