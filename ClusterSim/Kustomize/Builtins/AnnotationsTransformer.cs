using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Sets annotations.</summary>
internal sealed class AnnotationsTransformer(IReadOnlyDictionary<string, string> annotations, IReadOnlyList<FieldSpec> fieldSpecs)
    : TextMapTransformer(annotations, fieldSpecs);
