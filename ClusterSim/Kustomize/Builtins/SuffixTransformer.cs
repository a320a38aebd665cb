using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Puts a suffix behind names.</summary>
internal sealed class SuffixTransformer(string suffix, IReadOnlyList<FieldSpec> fieldSpecs) : NameAffixTransformer(suffix, fieldSpecs)
{
    protected override void Remember(Resource resource, string affix) => resource.AddNameSuffix(affix);

    protected override string Join(string affix, string name) => name + affix;
}
