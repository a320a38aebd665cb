using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Schema;

namespace ClusterSim.Manifests;

/// <summary>Reads manifests from text, files and folders, as <c>kubectl apply -f</c> does.</summary>
public static class ManifestFiles
{
    private static readonly IReadOnlyList<string> Extensions = [".yaml", ".yml", ".json"];

    /// <summary>The objects of a text of YAML or JSON documents.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">What to call it in messages.</param>
    /// <exception cref="ManifestException">It is malformed; the message tells where.</exception>
    public static IReadOnlyList<Manifest> Read(string text, string source) => Read(Encoding.UTF8.GetBytes(text), source);

    /// <summary>The objects of a file, or of a folder's files in order of their names (kustomizations aside).</summary>
    /// <exception cref="ManifestException">It is not there, or malformed.</exception>
    public static IReadOnlyList<Manifest> ReadPath(string path)
    {
        if (File.Exists(path))
            return Read(File.ReadAllBytes(path), path);
        if (!Directory.Exists(path))
            throw new ManifestException($"{path}: no such file or folder");
        var files = Directory.EnumerateFiles(path).Where(file => Extensions.Contains(Path.GetExtension(file))).Order(StringComparer.Ordinal).ToList();
        var manifests = files.Where(file => !IsKustomization(file)).ToList();
        if (manifests.Count == 0)
            throw new ManifestException($"{path}: no manifests in it, which end in {string.Join(", ", Extensions)}{(files.Exists(IsKustomization) ? "; but a kustomization, which -k takes" : "")}");
        return [.. manifests.SelectMany(file => Read(File.ReadAllBytes(file), file))];

        static bool IsKustomization(string file) => Path.GetFileName(file).StartsWith("kustomization.", StringComparison.Ordinal);
    }

    internal static IReadOnlyList<Manifest> Read(byte[] utf8, string source)
    {
        try
        {
            return [.. ManifestReader.Read(utf8, source).Select(read => new Manifest(read.Object, read.Place))];
        }
        catch (FormatException malformed)
        {
            throw new ManifestException(malformed.Message);
        }
    }

    /// <summary>A file that is one YAML object, whatever it is.</summary>
    internal static JsonObject ReadObject(byte[] utf8, string source)
    {
        try
        {
            return JsonNode.Parse(YamlConversion.ToJson(utf8, strict: null)) as JsonObject
                ?? throw new ManifestException($"{source}: an object is expected");
        }
        catch (Exception malformed) when (malformed is DecodeException or JsonException)
        {
            throw new ManifestException($"{source}: {malformed.Message}");
        }
    }
}
