using ClusterSim.Kustomize.Builtins;
using ClusterSim.Kustomize.Configuration;
using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Target;

/// <summary>The file of a kustomization or component, with its fields checked.</summary>
internal sealed class KustomizationFile
{
    public const string ComponentKind = "Component";

    public static readonly IReadOnlyList<string> Names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

    private static readonly string[] Known =
    [
        "apiVersion", "kind", "metadata", "openapi", "namePrefix", "nameSuffix", "namespace", "commonLabels", "labels", "commonAnnotations",
        "patchesStrategicMerge", "patchesJson6902", "patches", "images", "imageTags", "replacements", "replicas", "vars", "sortOptions", "resources",
        "components", "crds", "bases", "configMapGenerator", "secretGenerator", "helmGlobals", "helmCharts", "helmChartInflationGenerator",
        "generatorOptions", "configurations", "generators", "transformers", "validators", "buildMetadata",
    ];

    private KustomizationFile(FieldReader fields, string name)
    {
        Fields = fields;
        Name = name;
    }

    public FieldReader Fields { get; }

    /// <summary>The name of the file in its folder.</summary>
    public string Name { get; }

    public string Path => Fields.Place;

    public bool IsComponent => Fields.Text("kind") == ComponentKind;

    public IReadOnlyList<string> BuildMetadata => Fields.Texts("buildMetadata");

    public static bool IsIn(string folder) => Names.Any(name => File.Exists(System.IO.Path.Combine(folder, name)));

    /// <exception cref="KustomizeException">There is no such file, or it has fields that kustomize does not know or that are not supported here.</exception>
    public static KustomizationFile Load(FileLoader loader)
    {
        var names = Names.Where(loader.IsFile).ToList();
        if (names.Count != 1)
            throw new KustomizeException($"{loader.Root}: one of {string.Join(", ", Names)} is expected, found {(names.Count == 0 ? "none" : string.Join(", ", names))}");
        var path = System.IO.Path.Combine(loader.Root, names[0]);
        var fields = FieldReader.Parse(loader.Load(names[0]), path, isStrict: true).Require(Known);
        var file = new KustomizationFile(fields, names[0]);
        file.Check();
        return file;
    }

    private void Check()
    {
        if (!Fields.Names.Except(["apiVersion", "kind"], StringComparer.Ordinal).Any())
            throw new KustomizeException($"{Path}: the kustomization is empty");
        var kind = Fields.Text("kind");
        if (kind is not ("" or "Kustomization" or ComponentKind))
            throw Fields.Error("kind", $"Kustomization or {ComponentKind} is expected, found \"{kind}\"");
        var expected = IsComponent ? "kustomize.config.k8s.io/v1alpha1" : "kustomize.config.k8s.io/v1beta1";
        var apiVersion = Fields.Text("apiVersion");
        if (apiVersion.Length > 0 && apiVersion != expected)
            throw Fields.Error("apiVersion", $"{expected} is expected, found \"{apiVersion}\"");
        foreach (var field in (string[])["helmCharts", "helmChartInflationGenerator"])
            if (Fields.Has(field) && Fields.Objects(field).Count > 0)
                throw HelmCharts.Refused($"{Path}: {field}");
    }
}
