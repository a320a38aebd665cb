using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>What labels and annotations have in common: entries are set in every map that the field specifications lead to.</summary>
internal abstract class TextMapTransformer(IReadOnlyDictionary<string, string> entries, IReadOnlyList<FieldSpec> fieldSpecs) : ITransformer
{
    public void Transform(ResMap resources)
    {
        if (entries.Count == 0)
            return;
        foreach (var resource in resources.Resources)
            new FieldSpecFilter(NodeKind.Mapping).VisitAll(resource, fieldSpecs, SetEntries);
    }

    private void SetEntries(RNode node)
    {
        if (node.IsNull)
            return;
        if (node.Kind != NodeKind.Mapping)
            throw new KustomizeException($"a mapping is expected, found {node.Describe()}");
        foreach (var (key, value) in entries)
        {
            if (node.Get(key) is { Kind: NodeKind.Scalar } found)
                found.SetScalar(value, ScalarTag.Str);
            else
                node.Set(key, RNode.Str(value));
        }
    }
}
