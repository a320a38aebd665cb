using ClusterSim.CustomResources;
using ClusterSim.Validation;
using ClusterSim.Validation.AdmissionRegistration;
using ClusterSim.Validation.ApiRegistration;
using ClusterSim.Validation.Apps;
using ClusterSim.Validation.Autoscaling;
using ClusterSim.Validation.Batch;
using ClusterSim.Validation.Certificates;
using ClusterSim.Validation.Coordination;
using ClusterSim.Validation.Core;
using ClusterSim.Validation.Discovery;
using ClusterSim.Validation.FlowControl;
using ClusterSim.Validation.Networking;
using ClusterSim.Validation.Node;
using ClusterSim.Validation.Policy;
using ClusterSim.Validation.Rbac;
using ClusterSim.Validation.Resource;
using ClusterSim.Validation.Scheduling;
using ClusterSim.Validation.Storage;

namespace ClusterSim.Registry;

/// <summary>Which strategy each kind has. A new kind is one line here; what is not here has no rules beyond metadata's.</summary>
internal sealed class KindStrategies
{
    private readonly Dictionary<GroupVersionKind, KindStrategy> _strategies;

    /// <summary>The strategies of the built-in kinds.</summary>
    public KindStrategies() => _strategies = BuiltIn().ToDictionary(strategy => strategy.Kind);

    /// <summary>The strategy of a kind, in the version it is stored in.</summary>
    public KindStrategy For(GroupVersionKind kind) => _strategies.TryGetValue(kind, out var strategy) ? strategy : new PlainStrategy(kind);

    private static IEnumerable<KindStrategy> BuiltIn() =>
    [
        new PodStrategy(), new PodTemplateStrategy(), new ReplicationControllerStrategy(), new ServiceStrategy(), new EndpointsStrategy(),
        new ConfigMapStrategy(), new SecretStrategy(), new ServiceAccountStrategy(), new NamespaceStrategy(), new NodeStrategy(),
        new PersistentVolumeStrategy(), new PersistentVolumeClaimStrategy(), new ResourceQuotaStrategy(), new LimitRangeStrategy(), new EventStrategy(),
        new BindingStrategy(),
        new DeploymentStrategy(), new ReplicaSetStrategy(), new StatefulSetStrategy(), new DaemonSetStrategy(), new ControllerRevisionStrategy(),
        new JobStrategy(), new CronJobStrategy(),
        new NetworkPolicyStrategy(), new IngressStrategy(), new IngressClassStrategy(), new IPAddressStrategy(), new ServiceCidrStrategy(),
        new PodDisruptionBudgetStrategy(), new HorizontalPodAutoscalerStrategy(),
        new RoleStrategy(namespaced: true), new RoleStrategy(namespaced: false), new RoleBindingStrategy(namespaced: true), new RoleBindingStrategy(namespaced: false),
        new StorageClassStrategy(), new VolumeAttributesClassStrategy(), new CsiDriverStrategy(), new CsiNodeStrategy(), new CsiStorageCapacityStrategy(), new VolumeAttachmentStrategy(),
        new PriorityClassStrategy(), new CertificateSigningRequestStrategy(), new LeaseStrategy(), new EndpointSliceStrategy(), new RuntimeClassStrategy(),
        new CustomResourceDefinitionStrategy(), new WebhookConfigurationStrategy(mutates: true), new WebhookConfigurationStrategy(mutates: false),

        // Stored and served; their rules are the business of who acts on them.
        Plain("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy", isUnconditional: false, hasGenerations: true, hasStatus: true),
        Plain("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding", isUnconditional: false, hasGenerations: true),
        Plain("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy", isUnconditional: false, hasGenerations: true),
        Plain("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyBinding", isUnconditional: false, hasGenerations: true),
        new ApiServiceStrategy(), new FlowSchemaStrategy(), new PriorityLevelConfigurationStrategy(),
        new PlainStrategy(new("resource.k8s.io", "v1", "ResourceClaim")) { HasStatus = true, Defaults = DeviceRequestDefaults.OfClaim },
        new PlainStrategy(new("resource.k8s.io", "v1", "ResourceClaimTemplate")) { Defaults = DeviceRequestDefaults.OfTemplate },
        Plain("resource.k8s.io", "v1", "DeviceClass", hasGenerations: true), new PlainStrategy(new("resource.k8s.io", "v1", "ResourceSlice"))
        {
            HasGenerations = true,
            Selectable = new Dictionary<string, Func<System.Text.Json.JsonElement, string>>(StringComparer.Ordinal)
            {
                ["spec.nodeName"] = slice => slice.At("spec", "nodeName").Text(""),
                ["spec.driver"] = slice => slice.At("spec", "driver").Text(""),
            },
        },
    ];

    private static PlainStrategy Plain(
        string group, string version, string kind, bool isUnconditional = true, bool hasGenerations = false, bool hasStatus = false) =>
        new(new GroupVersionKind(group, version, kind))
        {
            IsUnconditional = isUnconditional,
            HasGenerations = hasGenerations,
            HasStatus = hasStatus,
        };
}
