using ClusterSim.Kustomize.Builtins;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Target;

/// <summary>Makes the generators and transformers that <c>generators</c>, <c>transformers</c> and <c>validators</c> configure by objects of their own.</summary>
/// <param name="loader">Reads the files that a configuration names.</param>
/// <param name="factory">Makes resources.</param>
internal sealed class BuiltinPlugins(FileLoader loader, ResourceFactory factory)
{
    // Upstream has a SortOrderTransformer too, which no configuration reaches.
    private static readonly IReadOnlyList<string> Transformers =
    [
        "AnnotationsTransformer", "HashTransformer", "ImageTagTransformer", "LabelTransformer", "NamespaceTransformer", "PatchJson6902Transformer",
        "PatchStrategicMergeTransformer", "PatchTransformer", "PrefixSuffixTransformer", "PrefixTransformer", "ReplacementTransformer", "ReplicaCountTransformer", "SuffixTransformer",
        "ValueAddTransformer",
    ];

    /// <exception cref="KustomizeException">The object is no built-in generator.</exception>
    public IGenerator Generator(Resource config)
    {
        var reader = Reader(config);
        return config.Kind switch
        {
            "ConfigMapGenerator" => new ConfigMapGenerator(reader, GeneratorOptions.None, loader, factory),
            "SecretGenerator" => new SecretGenerator(reader, GeneratorOptions.None, loader, factory),
            _ => throw Refused(config, "ConfigMapGenerator, SecretGenerator"),
        };
    }

    /// <exception cref="KustomizeException">The object is no built-in transformer.</exception>
    public ITransformer Transformer(Resource config)
    {
        var reader = Reader(config);
        return config.Kind switch
        {
            "AnnotationsTransformer" => new AnnotationsTransformer(reader.TextMap("annotations"), reader.FieldSpecs("fieldSpecs")),
            "HashTransformer" => new HashTransformer(),
            "ImageTagTransformer" => new ImageTagTransformer(Required(reader, "imageTag"), reader.FieldSpecs("fieldSpecs")),
            "LabelTransformer" => new LabelTransformer(reader.TextMap("labels"), reader.FieldSpecs("fieldSpecs")),
            "NamespaceTransformer" => new NamespaceTransformer(reader),
            "PatchJson6902Transformer" => new PatchJson6902Transformer(reader, "jsonOp", loader),
            "PatchStrategicMergeTransformer" => PatchStrategicMergeTransformer.Configure(reader, loader, factory),
            "PatchTransformer" => new PatchTransformer(reader, loader, factory),
            "PrefixTransformer" => new PrefixTransformer(reader.Text("prefix"), RequiredSpecs(reader)),
            "PrefixSuffixTransformer" => new PrefixSuffixTransformer(reader.Text("prefix"), reader.Text("suffix"), RequiredSpecs(reader)),
            "SuffixTransformer" => new SuffixTransformer(reader.Text("suffix"), RequiredSpecs(reader)),
            "ReplacementTransformer" => new ReplacementTransformer(reader.Objects("replacements"), loader),
            "ReplicaCountTransformer" => new ReplicaCountTransformer(Required(reader, "replica"), reader.FieldSpecs("fieldSpecs")),
            "ValueAddTransformer" => new ValueAddTransformer(reader, loader),
            _ => throw Refused(config, string.Join(", ", Transformers)),
        };
    }

    private static FieldReader Reader(Resource config)
    {
        if (config.ApiVersion != "builtin")
            throw new KustomizeException(
                $"{config.Source}: {config.Kind} {config.Name}: apiVersion \"{config.ApiVersion}\" is a plugin, and plugins are not run: "
                + "builtin is expected; render it with `kustomize build --enable-alpha-plugins` and apply the result with -f");
        return new FieldReader((System.Text.Json.Nodes.JsonObject)config.Node.ToJson()!, $"{config.Source}: {config.Kind} {config.Name}", isStrict: false);
    }

    private static FieldReader Required(FieldReader reader, string name) => reader.Object(name) ?? throw reader.Error(name, "an object is required");

    private static IReadOnlyList<FieldSpec> RequiredSpecs(FieldReader reader) =>
        reader.Has("fieldSpecs") ? reader.FieldSpecs("fieldSpecs") : throw reader.Error("fieldSpecs", "a list is required");

    private static KustomizeException Refused(Resource config, string known) => config.Kind == "HelmChartInflationGenerator"
        ? HelmCharts.Refused($"{config.Source}: {config.Kind}")
        : new KustomizeException($"{config.Source}: kind: {known} are known, found \"{config.Kind}\"");
}
