using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Writes the present names of renamed resources into the fields that refer to them.</summary>
internal sealed class NameReferenceTransformer(IReadOnlyList<NameBackReferences> backReferences) : ITransformer
{
    public void Transform(ResMap resources)
    {
        var byFormerName = resources.Resources
            .SelectMany(resource => resource.PreviousIds.Select(id => id.Name).Distinct(StringComparer.Ordinal).Select(name => (name, resource)))
            .ToLookup(one => one.name, one => one.resource, StringComparer.Ordinal);
        if (byFormerName.Count == 0)
            return;
        foreach (var referrer in resources.Resources)
        {
            var id = referrer.OriginalId;
            var referable = new Lazy<HashSet<Resource>>(() => [.. resources.ReferableBy(referrer)]);
            foreach (var (kind, specs) in backReferences)
                foreach (var spec in specs.Where(spec => id.Gvk.IsSelected(spec.Gvk)))
                    // Whether the kind fits was decided by the original kind: a patch may have changed it since.
                    new FieldSpecFilter().Visit(
                        referrer,
                        spec with { Gvk = new Gvk("", "", "") },
                        node => new NameReference(referrer, kind, spec.Path, name => byFormerName[name].Where(referable.Value.Contains)).Update(node));
        }
    }
}
