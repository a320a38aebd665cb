using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Manifests;

/// <summary>Reads YAML with the rules of Kubernetes (<c>sigs.k8s.io/yaml</c>): YAML 1.1 booleans and numbers, keys are strings.</summary>
public static class KubernetesYaml
{
    /// <summary>Reads a text that is one object, whatever its kind.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">The name of the text in messages.</param>
    /// <exception cref="ManifestException">The text is malformed or no object; the message names the place.</exception>
    public static JsonObject ReadObject(string text, string source) => ReadObject(Encoding.UTF8.GetBytes(text), source);

    /// <summary>Writes objects as YAML documents, as kubectl prints them: fields in alphabetical order, strings quoted only where they must be.</summary>
    public static string Write(IEnumerable<JsonObject> objects) => YamlWriter.Write(objects);

    internal static JsonObject ReadObject(ReadOnlyMemory<byte> utf8, string source)
    {
        try
        {
            return JsonNode.Parse(YamlConversion.ToJson(utf8, strict: null)) as JsonObject
                ?? throw new ManifestException($"{source}: an object is expected");
        }
        catch (Exception ex) when (ex is DecodeException or JsonException)
        {
            throw new ManifestException($"{source}: {ex.Message}");
        }
    }
}
