using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Configuration;

/// <summary>Merges lists of field specifications (<c>FsSlice</c>).</summary>
internal static class FieldSpecs
{
    /// <summary>Adds specifications that are not there yet.</summary>
    /// <exception cref="KustomizeException">A specification is there, but differs in whether it creates the field.</exception>
    public static IReadOnlyList<FieldSpec> Merge(IReadOnlyList<FieldSpec> known, IReadOnlyList<FieldSpec> added)
    {
        if (added.Count == 0 || ReferenceEquals(known, added))
            return known;
        var byPath = known.ToLookup(spec => spec.Path, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.ToList(), StringComparer.Ordinal);
        var result = new List<FieldSpec>(known);
        foreach (var spec in added)
        {
            if (!byPath.TryGetValue(spec.Path, out var same))
                byPath[spec.Path] = same = [];
            if (same.Find(other => other.Gvk.IsSelected(spec.Gvk)) is not { } found)
            {
                same.Add(spec);
                result.Add(spec);
            }
            else if (found.Create != spec.Create)
            {
                throw new KustomizeException($"conflicting fieldspecs: {spec} with create: {Flag(spec)}, found create: {Flag(found)}");
            }
        }
        return result;
    }

    private static string Flag(FieldSpec spec) => spec.Create ? "true" : "false";
}
