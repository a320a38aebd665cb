using ClusterSim.Kustomize.Builtins;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Target;

/// <summary>
/// Makes the generators and transformers that the fields of a kustomization ask for, in upstream's order (<c>configureBuiltinGenerators</c>,
/// <c>configureBuiltinTransformers</c>).
/// </summary>
/// <param name="fields">The kustomization.</param>
/// <param name="loader">Reads its files.</param>
/// <param name="factory">Makes resources.</param>
internal sealed class BuiltinConfigurators(FieldReader fields, FileLoader loader, ResourceFactory factory)
{
    private static readonly FieldSpec MetadataLabels = new(new Gvk("", "", ""), "metadata/labels", Create: true);

    public IEnumerable<(string Kind, string Place, IGenerator Generator)> Generators()
    {
        var common = GeneratorOptions.Read(fields.Object("generatorOptions"));
        foreach (var args in fields.Objects("configMapGenerator"))
            yield return ("ConfigMapGenerator", args.Place, new ConfigMapGenerator(args, common, loader, factory));
        foreach (var args in fields.Objects("secretGenerator"))
            yield return ("SecretGenerator", args.Place, new SecretGenerator(args, common, loader, factory));
    }

    public IEnumerable<(string Kind, string Place, ITransformer Transformer)> Transformers(TransformerConfig config)
    {
        if (fields.Texts("patchesStrategicMerge") is { Count: > 0 } merges)
            yield return Made("patchesStrategicMerge", new PatchStrategicMergeTransformer(merges, "", PlaceOf("patchesStrategicMerge"), loader, factory));
        foreach (var patch in fields.Objects("patches"))
            yield return (nameof(PatchTransformer), patch.Place, new PatchTransformer(patch, loader, factory));
        if (fields.Text("namespace") is { Length: > 0 } @namespace)
            yield return Made("namespace", new NamespaceTransformer(@namespace, config.Namespace));
        if (fields.Text("namePrefix") is { Length: > 0 } prefix)
            yield return Made("namePrefix", new PrefixTransformer(prefix, config.NamePrefix));
        if (fields.Text("nameSuffix") is { Length: > 0 } suffix)
            yield return Made("nameSuffix", new SuffixTransformer(suffix, config.NameSuffix));
        foreach (var labels in Labels(config))
            yield return labels;
        if (fields.TextMap("commonAnnotations") is { Count: > 0 } annotations)
            yield return Made("commonAnnotations", new AnnotationsTransformer(annotations, config.CommonAnnotations));
        foreach (var patch in fields.Objects("patchesJson6902"))
            yield return (nameof(PatchJson6902Transformer), patch.Place, new PatchJson6902Transformer(patch, "patch", loader));
        foreach (var replica in fields.Objects("replicas"))
            yield return (nameof(ReplicaCountTransformer), replica.Place, new ReplicaCountTransformer(replica, config.Replicas));
        foreach (var image in fields.Objects("images").Concat(fields.Objects("imageTags")))
            yield return (nameof(ImageTagTransformer), image.Place, new ImageTagTransformer(image, config.Images));
        if (fields.Objects("replacements") is { Count: > 0 } replacements)
            yield return Made("replacements", new ReplacementTransformer(replacements, loader));
    }

    private IEnumerable<(string Kind, string Place, ITransformer Transformer)> Labels(TransformerConfig config)
    {
        var labels = fields.Objects("labels");
        var common = fields.TextMap("commonLabels");
        foreach (var label in labels)
        {
            label.Require("pairs", "includeSelectors", "includeTemplates", "fields");
            var specs = FieldSpecs.Merge(label.FieldSpecs("fields"), config.Labels);
            if (label.Flag("includeSelectors"))
                specs = FieldSpecs.Merge(specs, config.CommonLabels);
            else
                specs = FieldSpecs.Merge(label.Flag("includeTemplates") ? FieldSpecs.Merge(specs, config.TemplateLabels) : specs, [MetadataLabels]);
            yield return (nameof(LabelTransformer), label.Place, new LabelTransformer(label.TextMap("pairs"), specs));
        }
        if (labels.Count + common.Count > 0)
            yield return Made("commonLabels", new LabelTransformer(common, config.CommonLabels));
    }

    private (string Kind, string Place, ITransformer Transformer) Made(string field, ITransformer transformer) => (transformer.GetType().Name, PlaceOf(field), transformer);

    private string PlaceOf(string field) => $"{fields.Place}: {field}";
}
