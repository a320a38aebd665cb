using System.Collections.Immutable;

namespace ClusterSim.Patching;

/// <summary>
/// What a write cannot change, and therefore not own: each registry strategy's <c>GetResetFields</c>. A write to the object resets its status;
/// one to its status, the rest.
/// </summary>
internal static class ResetFields
{
    private static readonly FieldSet Nothing = new();
    private static readonly FieldSet Status = FieldSet.Of(["f:status"]);
    private static readonly FieldSet Spec = FieldSet.Of(["f:spec"]);
    private static readonly FieldSet SpecAndMetadata = FieldSet.Of(["f:spec"], ["f:metadata"]);

    // Strategies whose status writes reset more than the spec.
    private static readonly ImmutableDictionary<(string Group, string Kind), FieldSet> OfStatus =
        new Dictionary<(string Group, string Kind), FieldSet>
        {
            [("", "Pod")] = FieldSet.Of(["f:spec"], ["f:metadata", "f:deletionTimestamp"], ["f:metadata", "f:ownerReferences"]),
            [("apps", "Deployment")] = FieldSet.Of(["f:spec"], ["f:metadata", "f:labels"]),
            [("apiextensions.k8s.io", "CustomResourceDefinition")] = SpecAndMetadata,
            [("apiregistration.k8s.io", "APIService")] = SpecAndMetadata,
            [("flowcontrol.apiserver.k8s.io", "FlowSchema")] = SpecAndMetadata,
            [("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration")] = SpecAndMetadata,
            [("resource.k8s.io", "ResourceClaim")] = SpecAndMetadata,
        }.ToImmutableDictionary();

    /// <summary>What a write through this subresource (null: to the object) leaves as it is.</summary>
    /// <param name="kind">The object's kind.</param>
    /// <param name="subresource">The subresource; null for the object itself.</param>
    /// <param name="hasStatus">Whether the resource has a status subresource.</param>
    /// <param name="isCustom">Whether it is a custom resource.</param>
    public static FieldSet Of(GroupVersionKind kind, string? subresource, bool hasStatus, bool isCustom = false) => subresource switch
    {
        null or "ephemeralcontainers" or "resize" => hasStatus ? Status : Nothing,
        "status" => isCustom ? SpecAndMetadata : OfStatus.GetValueOrDefault((kind.Group, kind.Kind), Spec),
        "approval" => Spec,
        _ => Nothing,
    };
}
