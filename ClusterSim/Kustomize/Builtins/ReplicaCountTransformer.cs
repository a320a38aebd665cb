using System.Globalization;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Sets the replicas of the workloads with a name, present or former.</summary>
internal sealed class ReplicaCountTransformer : ITransformer
{
    private readonly FieldReader _replica;
    private readonly string _name;
    private readonly long _count;
    private readonly IReadOnlyList<FieldSpec> _fieldSpecs;

    public ReplicaCountTransformer(FieldReader replica, IReadOnlyList<FieldSpec> fieldSpecs)
    {
        _replica = replica.Require("name", "count");
        _name = replica.Text("name");
        _count = replica.Integer("count");
        _fieldSpecs = fieldSpecs;
    }

    public void Transform(ResMap resources)
    {
        var isFound = false;
        foreach (var spec in _fieldSpecs)
            foreach (var resource in resources.WithAnyId(id => id.Name == _name && id.Gvk.IsSelected(spec.Gvk)))
            {
                isFound = true;
                new FieldSpecFilter(NodeKind.Scalar, ScalarTag.Int).Visit(
                    resource, spec, node => node.SetScalar(_count.ToString(CultureInfo.InvariantCulture), ScalarTag.Int));
            }
        if (!isFound)
            throw _replica.Error("name", $"no {string.Join(", ", _fieldSpecs.Select(spec => spec.Gvk.Kind).Distinct(StringComparer.Ordinal))} is called \"{_name}\"");
    }
}
