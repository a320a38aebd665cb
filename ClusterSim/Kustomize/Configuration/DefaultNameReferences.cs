using ClusterSim.Kustomize.Resources;
using static ClusterSim.Kustomize.Configuration.WorkloadPaths;

namespace ClusterSim.Kustomize.Configuration;

/// <summary>The fields of built-in kinds that refer to other objects by name (<c>builtinpluginconsts/namereference.go</c>).</summary>
internal static class DefaultNameReferences
{
    private const string Rbac = "rbac.authorization.k8s.io";
    private const string Admission = "admissionregistration.k8s.io";

    private static readonly string[] Templated = ["Pod", "PodTemplate", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet", "Job", "CronJob"];
    private static readonly string[] Controlled = ["Pod", "StatefulSet", "Deployment", "ReplicationController", "CronJob", "Job", "DaemonSet"];
    private static readonly string[] Scalable = ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"];

    // In the order of kinds that upstream sorts them into.
    public static readonly IReadOnlyList<NameBackReferences> All =
    [
        Of(Kind("StorageClass", "storage.k8s.io", "v1"),
            In("PersistentVolume", "spec/storageClassName"), In("PersistentVolumeClaim", "spec/storageClassName"), In("StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName")),
        Of(Kind("ServiceAccount", version: "v1"),
        [
            In("RoleBinding", "subjects", Rbac), In("ClusterRoleBinding", "subjects", Rbac), .. InPodSpecs(Controlled, "serviceAccountName"),
        ]),
        Of(Kind("Role", Rbac), In("RoleBinding", "roleRef/name", Rbac)),
        Of(Kind("ClusterRole", Rbac), In("RoleBinding", "roleRef/name", Rbac), In("ClusterRoleBinding", "roleRef/name", Rbac)),
        Of(Kind("ConfigMap", version: "v1"),
        [
            .. InPodSpecs(Templated,
                "volumes/configMap/name", "containers/env/valueFrom/configMapKeyRef/name", "initContainers/env/valueFrom/configMapKeyRef/name",
                "containers/envFrom/configMapRef/name", "initContainers/envFrom/configMapRef/name", "volumes/projected/sources/configMap/name"),
            In("Node", "spec/configSource/configMap"), In("Role", "rules/resourceNames"), In("ClusterRole", "rules/resourceNames"),
            In("Ingress", @"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap"),
        ]),
        Of(Kind("Secret", version: "v1"),
        [
            .. InPodSpecs(Templated,
                "volumes/secret/secretName", "containers/env/valueFrom/secretKeyRef/name", "initContainers/env/valueFrom/secretKeyRef/name",
                "containers/envFrom/secretRef/name", "initContainers/envFrom/secretRef/name", "imagePullSecrets/name", "volumes/projected/sources/secret/name"),
            In("Ingress", "spec/tls/secretName"), In("Ingress", @"metadata/annotations/ingress.kubernetes.io\/auth-secret"),
            In("Ingress", @"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret"), In("Ingress", @"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret"),
            In("ServiceAccount", "imagePullSecrets/name"),
            In("StorageClass", "parameters/secretName"), In("StorageClass", "parameters/adminSecretName"), In("StorageClass", "parameters/userSecretName"), In("StorageClass", "parameters/secretRef"),
            In("Role", "rules/resourceNames"), In("ClusterRole", "rules/resourceNames"),
            new(Kind("Service", "serving.knative.dev", "v1"), "spec/template/spec/containers/env/valueFrom/secretKeyRef/name"),
            In("PersistentVolume", "spec/azureFile/secretName"),
        ]),
        Of(Kind("Service", version: "v1"),
            In("StatefulSet", "spec/serviceName", "apps"),
            In("Ingress", "spec/rules/http/paths/backend/serviceName"), In("Ingress", "spec/backend/serviceName"),
            In("Ingress", "spec/rules/http/paths/backend/service/name"), In("Ingress", "spec/defaultBackend/service/name"),
            In("APIService", "spec/service/name", "apiregistration.k8s.io"),
            In("ValidatingWebhookConfiguration", "webhooks/clientConfig/service", Admission), In("MutatingWebhookConfiguration", "webhooks/clientConfig/service", Admission)),
        Of(Kind("PriorityClass", "scheduling.k8s.io", "v1"), [.. InPodSpecs(Controlled, "priorityClassName")]),
        Of(Kind("PersistentVolume", version: "v1"), In("PersistentVolumeClaim", "spec/volumeName"), In("ClusterRole", "rules/resourceNames")),
        Of(Kind("PersistentVolumeClaim", version: "v1"), [.. InPodSpecs(Controlled, "volumes/persistentVolumeClaim/claimName")]),
        .. Scalable.Select(kind => Of(Kind(kind), In("HorizontalPodAutoscaler", "spec/scaleTargetRef/name"))),
        // Upstream's group is misspelt like this, so that no IngressClass is ever found.
        Of(Kind("IngressClass", "networking.k8s.io/v1", "v1"), In("Ingress", "spec/ingressClassName")),
        Of(Kind("ValidatingAdmissionPolicy", Admission), In("ValidatingAdmissionPolicyBinding", "spec/policyName", Admission)),
    ];

    private static NameBackReferences Of(Gvk kind, params FieldSpec[] referrers) => new(kind, referrers);

    private static FieldSpec In(string kind, string path, string group = "") => new(Kind(kind, group), path);
}
