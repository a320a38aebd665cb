using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>The <c>options</c> of a generator, or the <c>generatorOptions</c> of all.</summary>
internal sealed record GeneratorOptions
{
    public static readonly GeneratorOptions None = new();

    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    public bool DisableNameSuffixHash { get; init; }

    public bool Immutable { get; init; }

    public static GeneratorOptions Read(FieldReader? options) => options is null ? None : new()
    {
        Labels = options.Require("labels", "annotations", "disableNameSuffixHash", "immutable").TextMap("labels"),
        Annotations = options.TextMap("annotations"),
        DisableNameSuffixHash = options.Flag("disableNameSuffixHash"),
        Immutable = options.Flag("immutable"),
    };

    /// <summary>Adds the options of all generators; own labels and annotations win.</summary>
    public GeneratorOptions With(GeneratorOptions common) => new()
    {
        Labels = Resource.Merged(common.Labels, Labels).ToDictionary(StringComparer.Ordinal),
        Annotations = Resource.Merged(common.Annotations, Annotations).ToDictionary(StringComparer.Ordinal),
        DisableNameSuffixHash = DisableNameSuffixHash || common.DisableNameSuffixHash,
        Immutable = Immutable || common.Immutable,
    };
}
