namespace ClusterSim.Kustomize.Resources;

/// <summary>A field of some kinds that a transformer changes.</summary>
/// <param name="Gvk">The kinds; empty parts accept any.</param>
/// <param name="Path">The path, with <c>/</c> between the fields; lists are entered.</param>
/// <param name="Create">Whether the field is created where it is missing.</param>
internal sealed record FieldSpec(Gvk Gvk, string Path, bool Create = false)
{
    public override string ToString() => Gvk == default || (Gvk.Group.Length + Gvk.Version.Length + Gvk.Kind.Length) == 0 ? Path : $"{Gvk} {Path}";
}
