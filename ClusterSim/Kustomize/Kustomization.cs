using System.Text.Json.Nodes;

namespace ClusterSim.Manifests;

/// <summary>
/// Renders a kustomization (<c>kustomize.config.k8s.io/v1beta1</c>) as <c>kubectl kustomize</c> does, without kubectl and without a cluster:
/// resources and components, namespace, labels, annotations, images, replicas, patches (strategic merge and JSON 6902, with targets), and the
/// order of <c>sortOptions</c>. Generators without name suffix hashes are rendered. Fields that would need names rewritten elsewhere (namePrefix,
/// nameSuffix, hashes), and every field not named here, are rejected.
/// </summary>
public sealed class Kustomization
{
    private static readonly IReadOnlyList<string> FileNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

    private static readonly IReadOnlySet<string> Known = new HashSet<string>(StringComparer.Ordinal)
    {
        "apiVersion", "kind", "metadata", "resources", "bases", "components", "namespace", "labels", "commonLabels", "commonAnnotations", "images",
        "replicas", "patches", "patchesStrategicMerge", "patchesJson6902", "configMapGenerator", "secretGenerator", "generatorOptions", "sortOptions",
    };

    private readonly string _folder;
    private readonly string _file;
    private readonly JsonObject _said;

    private Kustomization(string folder, string file, JsonObject said)
    {
        _folder = folder;
        _file = file;
        _said = said;
    }

    /// <summary>Renders the kustomization of a folder; returns the objects in the order to apply them in.</summary>
    /// <exception cref="ManifestException">The kustomization cannot be rendered; the message names the file and the field.</exception>
    public static IReadOnlyList<Manifest> Build(string folder)
    {
        var (kustomization, manifests) = Render(Path.GetFullPath(folder), []);
        return kustomization._said["sortOptions"] is JsonObject sort && sort.Text("order") == "fifo" ? manifests : KindOrder.Sort(manifests);
    }

    /// <summary>Returns whether a folder has a kustomization.</summary>
    internal static bool IsIn(string folder) => FileNames.Any(name => File.Exists(Path.Combine(folder, name)));

    private static (Kustomization Kustomization, List<Manifest> Manifests) Render(string folder, IReadOnlyList<string> within)
    {
        if (within.Contains(folder))
            throw new ManifestException($"{folder}: cycle of kustomizations: {string.Join(" → ", within.Append(folder))}");
        var kustomization = Load(folder);
        var manifests = new List<Manifest>();
        foreach (var resource in kustomization.Texts("resources").Concat(kustomization.Texts("bases")))
            manifests.AddRange(kustomization.ReadResource(resource, [.. within, folder]));
        manifests.AddRange(KustomizationGenerators.Generate(folder, kustomization._file, kustomization._said));
        foreach (var component in kustomization.Texts("components"))
        {
            var part = Load(Path.GetFullPath(Path.Combine(folder, component)));
            foreach (var resource in part.Texts("resources"))
                manifests.AddRange(part.ReadResource(resource, [.. within, folder]));
            KustomizationTransformers.Apply(part._folder, part._file, part._said, manifests);
        }
        KustomizationTransformers.Apply(folder, kustomization._file, kustomization._said, manifests);
        var twice = manifests.GroupBy(manifest => manifest.Identity).FirstOrDefault(group => group.Count() > 1);
        if (twice is not null)
            throw new ManifestException($"{kustomization._file}: {twice.Key} comes twice: {string.Join(" and ", twice.Select(manifest => manifest.Source))}");
        return (kustomization, manifests);
    }

    private static Kustomization Load(string folder)
    {
        if (!Directory.Exists(folder))
            throw new ManifestException($"{folder}: no such folder");
        var file = FileNames.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new ManifestException($"{folder}: no kustomization.yaml in it");
        var said = KubernetesYaml.ReadObject(File.ReadAllBytes(file), file);
        foreach (var (field, _) in said)
            if (!Known.Contains(field))
                throw new ManifestException($"{file}: {field} is not supported here: render it with `kubectl kustomize {folder}` and apply the result with -f");
        return new Kustomization(folder, file, said);
    }

    private IEnumerable<Manifest> ReadResource(string resource, IReadOnlyList<string> within)
    {
        if (resource.Contains("://", StringComparison.Ordinal) || resource.StartsWith("github.com/", StringComparison.Ordinal))
            throw new ManifestException($"{_file}: resources: {resource} is remote; only files and folders of this machine are read");
        var path = Path.GetFullPath(Path.Combine(_folder, resource));
        if (Directory.Exists(path))
            return Render(path, within).Manifests;
        if (!File.Exists(path))
            throw new ManifestException($"{_file}: resources: {resource} is not there");
        return ManifestFiles.ReadPath(path);
    }

    private IEnumerable<string> Texts(string field) => _said[field] switch
    {
        null => [],
        JsonArray array => array.Select(item => (string?)item ?? ""),
        _ => throw new ManifestException($"{_file}: {field} must be a list"),
    };
}
