using System.Text.Json;
using ClusterSim.Kustomize.Builtins;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Target;

/// <summary>
/// Builds a kustomization (<c>krusty.Kustomizer</c>): gathers it, appends hashes, fixes references, resolves vars, drops local resources, orders the rest
/// and writes the metadata of the build.
/// </summary>
internal static class Kustomizer
{
    private const string LocalConfigAnnotation = "config.kubernetes.io/local-config";

    // What kubectl, which is not built as a release of kustomize, writes.
    private const string ManagedBy = "kustomize-(devel)";

    /// <exception cref="KustomizeException">The kustomization cannot be rendered; the message names the file and the field.</exception>
    public static IReadOnlyList<Resource> Run(string folder)
    {
        var loader = FileLoader.Open(folder);
        var file = KustomizationFile.Load(loader);
        var metadata = file.BuildMetadata;
        var accumulator = new ResAccumulator();
        new KustTarget(file, loader, new ResourceFactory(Schema(file, loader)), metadata.Count == 0 ? null : new Origin()).Accumulate(accumulator);
        new HashTransformer().Transform(accumulator.Resources);
        accumulator.FixBackReferences();
        accumulator.ResolveVars();
        accumulator.Resources.RemoveAll(IsLocal);
        (file.Fields.Object("sortOptions") is { } order ? SortOrderTransformer.Configure(order) : SortOrderTransformer.Legacy).Transform(accumulator.Resources);
        if (metadata.Contains("managedByLabel"))
            new LabelTransformer(
                new Dictionary<string, string> { ["app.kubernetes.io/managed-by"] = ManagedBy },
                [new FieldSpec(new Gvk("", "", ""), "metadata/labels", Create: true)]).Transform(accumulator.Resources);
        foreach (var resource in accumulator.Resources.Resources)
            WriteAnnotations(resource, metadata);
        return accumulator.Resources.Resources;
    }

    private static bool IsLocal(Resource resource) =>
        resource.Annotations.TryGetValue(LocalConfigAnnotation, out var local) && local != "false";

    // Upstream writes the annotations anew whether or not any are added, which makes strings of their values and removes an empty map.
    private static void WriteAnnotations(Resource resource, IReadOnlyList<string> metadata)
    {
        var annotations = new Dictionary<string, string>(resource.Annotations, StringComparer.Ordinal);
        annotations.Remove(Origin.Annotation);
        annotations.Remove(Origin.TransformationsAnnotation);
        if (metadata.Contains("originAnnotations") && resource.Origin is { } origin)
            annotations[Origin.Annotation] = origin.ToYaml();
        if (metadata.Contains("transformerAnnotations") && resource.Transformations.Count > 0)
            annotations[Origin.TransformationsAnnotation] = Origin.ToYaml(resource.Transformations);
        resource.SetTexts("annotations", annotations);
    }

    /// <summary>The schema that <c>openapi</c> of the kustomization that is built names. Those of kustomizations below it are not looked at.</summary>
    private static OpenApiSchema Schema(KustomizationFile file, FileLoader loader)
    {
        var openApi = file.Fields.Object("openapi");
        var version = openApi?.Text("version") ?? "";
        var path = openApi?.Text("path") ?? "";
        if (version.Length > 0 && path.Length > 0)
            throw openApi!.Error("path", "version and path cannot both be given");
        if (version.Length > 0 && !OpenApiSchema.Versions.Contains(version))
            throw openApi!.Error("version", $"{string.Join(", ", OpenApiSchema.Versions)} are built in, found \"{version}\"");
        if (path.Length == 0)
            return OpenApiSchema.BuiltIn;
        try
        {
            return OpenApiSchema.Custom(JsonElement.Parse(YamlConversion.ToJson(loader.Load(path), strict: null)));
        }
        catch (Exception ex) when (ex is DecodeException or JsonException or KustomizeException)
        {
            throw openApi!.Error("path", ex.Message);
        }
    }
}
