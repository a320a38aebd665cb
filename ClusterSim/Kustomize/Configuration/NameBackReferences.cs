using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Configuration;

/// <summary>The fields that refer to objects of a kind by name.</summary>
/// <param name="Gvk">The kind referred to.</param>
/// <param name="Referrers">The fields.</param>
internal sealed record NameBackReferences(Gvk Gvk, IReadOnlyList<FieldSpec> Referrers);
