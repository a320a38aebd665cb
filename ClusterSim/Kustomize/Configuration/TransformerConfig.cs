using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Configuration;

/// <summary>The fields that the built-in transformers change: the defaults, with what <c>configurations</c> and <c>crds</c> add.</summary>
internal sealed record TransformerConfig
{
    public static readonly TransformerConfig Empty = new();

    public IReadOnlyList<FieldSpec> NamePrefix { get; init; } = [];

    public IReadOnlyList<FieldSpec> NameSuffix { get; init; } = [];

    public IReadOnlyList<FieldSpec> Namespace { get; init; } = [];

    public IReadOnlyList<FieldSpec> CommonLabels { get; init; } = [];

    public IReadOnlyList<FieldSpec> Labels { get; init; } = [];

    public IReadOnlyList<FieldSpec> TemplateLabels { get; init; } = [];

    public IReadOnlyList<FieldSpec> CommonAnnotations { get; init; } = [];

    public IReadOnlyList<NameBackReferences> NameReference { get; init; } = [];

    public IReadOnlyList<FieldSpec> VarReference { get; init; } = [];

    public IReadOnlyList<FieldSpec> Images { get; init; } = [];

    public IReadOnlyList<FieldSpec> Replicas { get; init; } = [];

    /// <summary>Joins two configurations.</summary>
    public TransformerConfig Merge(TransformerConfig other) => ReferenceEquals(this, other) || ReferenceEquals(other, Empty) ? this : ReferenceEquals(this, Empty) ? other : new()
    {
        NamePrefix = FieldSpecs.Merge(NamePrefix, other.NamePrefix),
        NameSuffix = FieldSpecs.Merge(NameSuffix, other.NameSuffix),
        Namespace = FieldSpecs.Merge(Namespace, other.Namespace),
        CommonLabels = FieldSpecs.Merge(CommonLabels, other.CommonLabels),
        Labels = FieldSpecs.Merge(Labels, other.Labels),
        TemplateLabels = FieldSpecs.Merge(TemplateLabels, other.TemplateLabels),
        CommonAnnotations = FieldSpecs.Merge(CommonAnnotations, other.CommonAnnotations),
        NameReference = Merge(NameReference, other.NameReference),
        VarReference = FieldSpecs.Merge(VarReference, other.VarReference),
        Images = FieldSpecs.Merge(Images, other.Images),
        Replicas = FieldSpecs.Merge(Replicas, other.Replicas),
    };

    private static IReadOnlyList<NameBackReferences> Merge(IReadOnlyList<NameBackReferences> known, IReadOnlyList<NameBackReferences> added)
    {
        if (ReferenceEquals(known, added) || added.Count == 0)
            return known;
        var result = known.ToList();
        foreach (var references in added)
        {
            var at = result.FindIndex(other => other.Gvk == references.Gvk);
            if (at < 0)
                result.Add(references);
            else
                result[at] = result[at] with { Referrers = FieldSpecs.Merge(result[at].Referrers, references.Referrers) };
        }
        return result;
    }
}
