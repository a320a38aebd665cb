namespace ClusterSim.Validation;

/// <summary>
/// Kinds that the cluster keeps and serves while nothing in it acts on them. Whoever writes one is told so by a Warning: what is not supported is
/// never silently ignored (docs/simulator-limits.md lists the same).
/// </summary>
internal static class StoredOnly
{
    private const string NoCel = "the simulated cluster evaluates no CEL";
    private const string NoWebhooks = "the simulated cluster calls no admission webhooks";
    private const string NoQueues = "the simulated cluster's API server queues no requests";
    private const string NoAggregation = "the simulated cluster asks no other API servers";
    private const string NoDevices = "the simulated cluster has no devices to allocate";
    private const string NoDrivers = "the simulated cluster runs no storage drivers";
    private const string OneRange = "Services of the simulated cluster get their addresses from the range that it was started with";

    /// <summary>Each kind, and why nothing comes of it.</summary>
    public static IReadOnlyDictionary<(string Group, string Kind), string> Reasons { get; } = new Dictionary<(string, string), string>
    {
        [("admissionregistration.k8s.io", "MutatingAdmissionPolicy")] = NoCel,
        [("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding")] = NoCel,
        [("admissionregistration.k8s.io", "MutatingWebhookConfiguration")] = NoWebhooks,
        [("admissionregistration.k8s.io", "ValidatingAdmissionPolicy")] = NoCel,
        [("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding")] = NoCel,
        [("admissionregistration.k8s.io", "ValidatingWebhookConfiguration")] = NoWebhooks,
        [("apiregistration.k8s.io", "APIService")] = NoAggregation,
        [("flowcontrol.apiserver.k8s.io", "FlowSchema")] = NoQueues,
        [("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration")] = NoQueues,
        [("networking.k8s.io", "IPAddress")] = OneRange,
        [("networking.k8s.io", "ServiceCIDR")] = OneRange,
        [("resource.k8s.io", "DeviceClass")] = NoDevices,
        [("resource.k8s.io", "ResourceClaim")] = NoDevices,
        [("resource.k8s.io", "ResourceClaimTemplate")] = NoDevices,
        [("resource.k8s.io", "ResourceSlice")] = NoDevices,
        [("storage.k8s.io", "CSIDriver")] = NoDrivers,
        [("storage.k8s.io", "CSINode")] = NoDrivers,
        [("storage.k8s.io", "CSIStorageCapacity")] = NoDrivers,
        [("storage.k8s.io", "VolumeAttachment")] = NoDrivers,
        [("storage.k8s.io", "VolumeAttributesClass")] = NoDrivers,
    };

    /// <summary>What the writer of such an object is told; none where the kind is acted on.</summary>
    public static IEnumerable<string> Warnings(GroupVersionKind kind) =>
        Reasons.TryGetValue((kind.Group, kind.Kind), out var reason) ? [$"stored and not acted on: {reason}"] : [];
}
