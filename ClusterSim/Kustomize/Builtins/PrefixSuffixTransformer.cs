using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Puts a prefix before names and a suffix behind them: a configuration of its own, which no field of a kustomization makes.</summary>
internal sealed class PrefixSuffixTransformer(string prefix, string suffix, IReadOnlyList<FieldSpec> fieldSpecs) : ITransformer
{
    public void Transform(ResMap resources)
    {
        new PrefixTransformer(prefix, fieldSpecs).Transform(resources);
        new SuffixTransformer(suffix, fieldSpecs).Transform(resources);
    }
}
