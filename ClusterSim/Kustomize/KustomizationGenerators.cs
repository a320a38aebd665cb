using System.Text;
using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Manifests;

/// <summary><c>configMapGenerator</c> and <c>secretGenerator</c>, where the names stay as they are.</summary>
internal static class KustomizationGenerators
{
    /// <summary>The objects they make.</summary>
    /// <exception cref="ManifestException">A generator wants a hash in the name, or a file is not there.</exception>
    public static IEnumerable<Manifest> Generate(string folder, string file, JsonObject said)
    {
        var plainNames = (said["generatorOptions"] as JsonObject)?["disableNameSuffixHash"]?.GetValue<bool>() ?? false;
        foreach (var (field, kind) in ((string, string)[])[("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")])
            if (said[field] is JsonArray generators)
                foreach (var generator in generators.OfType<JsonObject>())
                {
                    var name = generator.Text("name") ?? throw new ManifestException($"{file}: {field}: name is missing");
                    var plain = (generator["options"] as JsonObject)?["disableNameSuffixHash"]?.GetValue<bool>() ?? plainNames;
                    if (!plain)
                        throw new ManifestException(
                            $"{file}: {field} {name}: a name with a hash is not supported here: set options.disableNameSuffixHash: true, or render it with `kubectl kustomize`");
                    yield return Made(folder, file, field, kind, name, generator);
                }
    }

    private static Manifest Made(string folder, string file, string field, string kind, string name, JsonObject generator)
    {
        var data = new JsonObject();
        void Put(string key, byte[] value) => data[key] = kind == "Secret" ? Convert.ToBase64String(value) : Encoding.UTF8.GetString(value);

        foreach (var (list, add) in ((string, Action<string>)[])
        [
            ("literals", literal =>
            {
                var (key, value) = Split(literal);
                Put(key, Encoding.UTF8.GetBytes(value));
            }),
            ("files", entry =>
            {
                var (key, path) = entry.Contains('=', StringComparison.Ordinal) ? Split(entry) : (Path.GetFileName(entry), entry);
                Put(key, Read(path));
            }),
            ("envs", path =>
            {
                foreach (var line in Encoding.UTF8.GetString(Read(path)).Split('\n'))
                    if (line.Trim() is { Length: > 0 } kept && kept[0] != '#')
                    {
                        var (key, value) = Split(kept);
                        Put(key, Encoding.UTF8.GetBytes(value));
                    }
            }),
        ])
            if (generator[list] is JsonArray entries)
                foreach (var entry in entries)
                    add((string?)entry ?? "");

        var made = Object(
            ("apiVersion", "v1"), ("kind", kind),
            ("metadata", Object(("name", name), ("namespace", generator.Text("namespace")))),
            ("data", data),
            ("type", kind == "Secret" ? generator.Text("type") ?? "Opaque" : null));
        return new Manifest(made, $"{file}: {field} {name}");

        byte[] Read(string path)
        {
            var full = Path.Combine(folder, path);
            return File.Exists(full) ? File.ReadAllBytes(full) : throw new ManifestException($"{file}: {field} {name}: {path} is not there");
        }

        (string Key, string Value) Split(string text) => text.Split('=', 2) is [var key, var value]
            ? (key, value)
            : throw new ManifestException($"{file}: {field} {name}: \"{text}\" is not KEY=VALUE");
    }
}
