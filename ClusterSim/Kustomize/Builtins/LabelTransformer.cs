using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Sets labels, and selectors where the field specifications have them.</summary>
internal sealed class LabelTransformer(IReadOnlyDictionary<string, string> labels, IReadOnlyList<FieldSpec> fieldSpecs) : TextMapTransformer(labels, fieldSpecs);
