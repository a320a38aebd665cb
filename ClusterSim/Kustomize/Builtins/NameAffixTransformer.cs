using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>What prefixes and suffixes have in common: which kinds keep their names, and that a renamed object remembers its former name.</summary>
internal abstract class NameAffixTransformer(string affix, IReadOnlyList<FieldSpec> fieldSpecs) : ITransformer
{
    private static readonly IReadOnlyList<Gvk> Skipped =
        [new("", "", "CustomResourceDefinition"), new("apiregistration.k8s.io", "", "APIService"), new("", "", "Namespace")];

    public void Transform(ResMap resources)
    {
        foreach (var resource in resources.Resources)
        {
            var id = resource.OriginalId;
            if (Skipped.Any(id.Gvk.IsSelected))
                continue;
            foreach (var spec in fieldSpecs.Where(spec => id.Gvk.IsSelected(spec.Gvk)))
            {
                if (spec.Path == "metadata/name" && affix.Length > 0)
                {
                    Remember(resource, affix);
                    resource.StorePreviousId();
                }
                new FieldSpecFilter(NodeKind.Scalar, ScalarTag.Str).Visit(resource, spec, node => node.SetScalar(Join(affix, node.Value), ScalarTag.None));
            }
        }
    }

    protected abstract void Remember(Resource resource, string affix);

    protected abstract string Join(string affix, string name);
}
