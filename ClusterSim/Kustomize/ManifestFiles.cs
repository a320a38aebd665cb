using System.Text;
using ClusterSim.Schema;

namespace ClusterSim.Manifests;

/// <summary>Reads manifests from text, files and folders, as <c>kubectl apply -f</c> does.</summary>
internal static class ManifestFiles
{
    private static readonly IReadOnlyList<string> Extensions = [".yaml", ".yml", ".json"];

    /// <inheritdoc cref="Manifest.Parse"/>
    public static IReadOnlyList<Manifest> Read(string text, string source) => Read(Encoding.UTF8.GetBytes(text), source);

    /// <inheritdoc cref="Manifest.Read"/>
    public static IReadOnlyList<Manifest> ReadPath(string path, bool recursive = false) => [.. Find(path, recursive).SelectMany(ReadFile)];

    /// <summary>Finds the files of a path: the path itself, or the files of a folder, and of those below where asked, in the order of their names (kustomizations aside).</summary>
    /// <exception cref="ManifestException">The path does not exist, or the folder has no manifests.</exception>
    public static IReadOnlyList<string> Find(string path, bool recursive = false)
    {
        if (File.Exists(path))
            return [path];
        if (!Directory.Exists(path))
            throw new ManifestException($"{path}: no such file or folder");
        var files = Directory.EnumerateFiles(path, "*", recursive ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly).Where(file => Extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal).ToList();
        var manifests = files.Where(file => !IsKustomization(file)).ToList();
        if (manifests.Count == 0)
            throw new ManifestException($"{path}: no manifests in it, which end in {string.Join(", ", Extensions)}{(files.Exists(IsKustomization) ? "; but a kustomization, which -k takes" : "")}");
        return manifests;

        static bool IsKustomization(string file) => Path.GetFileName(file).StartsWith("kustomization.", StringComparison.Ordinal);
    }

    /// <summary>Reads one file.</summary>
    /// <exception cref="ManifestException">The file is malformed.</exception>
    public static IReadOnlyList<Manifest> ReadFile(string file) => Read(File.ReadAllBytes(file), file);

    private static IReadOnlyList<Manifest> Read(byte[] utf8, string source)
    {
        try
        {
            return [.. ManifestReader.Read(utf8, source).Select(read => new Manifest(read.Object, read.Place))];
        }
        catch (FormatException ex)
        {
            throw new ManifestException(ex.Message);
        }
    }
}
