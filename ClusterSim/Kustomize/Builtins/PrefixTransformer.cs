using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Puts a prefix before names.</summary>
internal sealed class PrefixTransformer(string prefix, IReadOnlyList<FieldSpec> fieldSpecs) : NameAffixTransformer(prefix, fieldSpecs)
{
    protected override void Remember(Resource resource, string affix) => resource.AddNamePrefix(affix);

    protected override string Join(string affix, string name) => affix + name;
}
