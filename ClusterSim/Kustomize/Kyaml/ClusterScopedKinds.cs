namespace ClusterSim.Kustomize.Kyaml;

/// <summary>
/// The kinds that kustomize takes for cluster-scoped without a schema (<c>precomputedIsNamespaceScoped</c>): those of Kubernetes 1.21. Later kinds, and
/// custom ones, get a namespace from <c>namespace</c>, as with <c>kubectl kustomize</c>.
/// </summary>
internal static class ClusterScopedKinds
{
    private static readonly IReadOnlySet<(string ApiVersion, string Kind)> Kinds = new HashSet<(string, string)>(
    [
        .. Of("", ["v1"], "ComponentStatus", "Namespace", "Node", "NodeProxyOptions", "PersistentVolume"),
        .. Of("admissionregistration.k8s.io/", ["v1", "v1beta1"], "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
        .. Of("apiextensions.k8s.io/", ["v1", "v1beta1"], "CustomResourceDefinition"),
        .. Of("apiregistration.k8s.io/", ["v1", "v1beta1"], "APIService"),
        .. Of("certificates.k8s.io/", ["v1", "v1beta1"], "CertificateSigningRequest"),
        .. Of("flowcontrol.apiserver.k8s.io/", ["v1beta1"], "FlowSchema", "PriorityLevelConfiguration"),
        .. Of("networking.k8s.io/", ["v1", "v1beta1"], "IngressClass"),
        .. Of("node.k8s.io/", ["v1", "v1beta1"], "RuntimeClass"),
        .. Of("policy/", ["v1beta1"], "PodSecurityPolicy"),
        .. Of("rbac.authorization.k8s.io/", ["v1", "v1beta1"], "ClusterRole", "ClusterRoleBinding"),
        .. Of("scheduling.k8s.io/", ["v1", "v1beta1"], "PriorityClass"),
        .. Of("storage.k8s.io/", ["v1", "v1beta1"], "CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"),
    ]);

    public static bool Contains(string apiVersion, string kind) => Kinds.Contains((apiVersion, kind));

    private static IEnumerable<(string ApiVersion, string Kind)> Of(string prefix, string[] versions, params string[] kinds) =>
        from version in versions from kind in kinds select (prefix + version, kind);
}
