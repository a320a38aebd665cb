using ClusterSim.Kustomize.Resources;
using static ClusterSim.Kustomize.Configuration.WorkloadPaths;

namespace ClusterSim.Kustomize.Configuration;

/// <summary>The default field specifications (<c>builtinpluginconsts</c>).</summary>
internal static class DefaultTransformerConfig
{
    private static readonly FieldSpec[] MetadataLabels =
    [
        new(Kind(""), "metadata/labels", Create: true),
        new(Kind("ReplicationController", version: "v1"), "spec/template/metadata/labels", Create: true),
        .. Templates("labels", "Deployment", "ReplicaSet", "DaemonSet"),
        new(Kind("StatefulSet", "apps"), "spec/template/metadata/labels", Create: true),
        new(Kind("StatefulSet", "apps"), "spec/volumeClaimTemplates[]/metadata/labels", Create: true),
        new(Kind("Job", "batch"), "spec/template/metadata/labels", Create: true),
        new(Kind("CronJob", "batch"), "spec/jobTemplate/metadata/labels", Create: true),
        new(Kind("CronJob", "batch"), "spec/jobTemplate/spec/template/metadata/labels", Create: true),
    ];

    public static readonly TransformerConfig Value = new()
    {
        NamePrefix = [Any("metadata/name")],
        NameSuffix = [Any("metadata/name")],
        Namespace =
        [
            new(Kind("Namespace"), "metadata/name", Create: true),
            new(Kind("APIService", "apiregistration.k8s.io"), "spec/service/namespace", Create: true),
            new(Kind("CustomResourceDefinition", "apiextensions.k8s.io"), "spec/conversion/webhook/clientConfig/service/namespace"),
        ],
        CommonLabels = [.. Selectors(), .. MetadataLabels],
        TemplateLabels = MetadataLabels,
        CommonAnnotations =
        [
            Any("metadata/annotations", create: true),
            new(Kind("ReplicationController", version: "v1"), "spec/template/metadata/annotations", Create: true),
            .. Templates("annotations", "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"),
            new(Kind("Job", "batch"), "spec/template/metadata/annotations", Create: true),
            new(Kind("CronJob", "batch"), "spec/jobTemplate/metadata/annotations", Create: true),
            new(Kind("CronJob", "batch"), "spec/jobTemplate/spec/template/metadata/annotations", Create: true),
        ],
        NameReference = DefaultNameReferences.All,
        VarReference = [.. VarReferences()],
        Images =
        [
            Any("spec/containers[]/image", create: true), Any("spec/initContainers[]/image", create: true),
            Any("spec/template/spec/containers[]/image", create: true), Any("spec/template/spec/initContainers[]/image", create: true),
        ],
        Replicas = [.. ((string[])["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"]).Select(kind => new FieldSpec(Kind(kind), "spec/replicas", Create: true))],
    };

    private static FieldSpec Any(string path, bool create = false) => new(Kind(""), path, create);

    private static IEnumerable<FieldSpec> Templates(string field, params string[] kinds) =>
        kinds.Select(kind => new FieldSpec(Kind(kind), $"spec/template/metadata/{field}", Create: true));

    private static IEnumerable<FieldSpec> Selectors()
    {
        yield return new(Kind("Service", version: "v1"), "spec/selector", Create: true);
        yield return new(Kind("ReplicationController", version: "v1"), "spec/selector", Create: true);
        yield return new(Kind("Deployment"), "spec/selector/matchLabels", Create: true);
        yield return new(Kind("ReplicaSet"), "spec/selector/matchLabels", Create: true);
        yield return new(Kind("DaemonSet"), "spec/selector/matchLabels", Create: true);
        yield return new(Kind("StatefulSet", "apps"), "spec/selector/matchLabels", Create: true);
        foreach (var kind in (string[])["Deployment", "StatefulSet"])
        {
            foreach (var affinity in (string[])["podAffinity", "podAntiAffinity"])
            {
                yield return new(Kind(kind, "apps"), $"spec/template/spec/affinity/{affinity}/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels");
                yield return new(Kind(kind, "apps"), $"spec/template/spec/affinity/{affinity}/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels");
            }
            yield return new(Kind(kind, "apps"), "spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels");
        }
        yield return new(Kind("Job", "batch"), "spec/selector/matchLabels");
        yield return new(Kind("CronJob", "batch"), "spec/jobTemplate/spec/selector/matchLabels");
        yield return new(Kind("PodDisruptionBudget", "policy"), "spec/selector/matchLabels");
        foreach (var field in (string[])["podSelector", "ingress/from/podSelector", "egress/to/podSelector"])
            yield return new(Kind("NetworkPolicy", "networking.k8s.io"), $"spec/{field}/matchLabels");
    }

    private static IEnumerable<FieldSpec> VarReferences()
    {
        string[] workloads = ["CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "StatefulSet"];
        string[] fields =
        [
            .. from containers in (string[])["containers", "initContainers"]
               from field in (string[])["args", "command", "env/value", "volumeMounts/mountPath"]
               select $"{containers}/{field}",
        ];
        foreach (var spec in InPodSpecs(workloads, fields))
            yield return spec;
        foreach (var spec in InPodSpecs(["DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet"], "volumes/nfs/server"))
            yield return spec;
        yield return new(Kind("CronJob"), "spec/jobTemplate/spec/template/volumes/nfs/server");
        yield return new(Kind("StatefulSet"), "spec/volumeClaimTemplates/spec/nfs/server");
        yield return new(Kind("PersistentVolume"), "spec/nfs/server");
        yield return new(Kind("Deployment"), "spec/template/metadata/annotations");
        yield return new(Kind("Ingress"), "spec/rules/host");
        yield return new(Kind("Ingress"), "spec/tls/hosts");
        yield return new(Kind("Ingress"), "spec/tls/secretName");
        yield return new(Kind("Service"), "spec/ports/port");
        yield return new(Kind("Service"), "spec/ports/targetPort");
        yield return Any("metadata/labels");
        yield return Any("metadata/annotations");
    }
}
