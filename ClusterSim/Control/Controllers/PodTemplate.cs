using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers;

/// <summary>What is made of a <c>PodTemplateSpec</c>: pods, and the hash that names its revision.</summary>
internal static class PodTemplate
{
    private const string SafeAlphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>
    /// A pod from the template, under its controller; the name is generated. As <c>GetPodFromTemplate</c>: labels, annotations and
    /// finalizers are the template's.
    /// </summary>
    public static JsonObject Pod(Document owner, JsonElement template)
    {
        var metadata = Object(
            ("generateName", owner.Name + "-"),
            ("namespace", owner.Namespace),
            ("labels", template.At("metadata", "labels").ToNode()),
            ("annotations", template.At("metadata", "annotations").ToNode()),
            ("finalizers", template.At("metadata", "finalizers").ToNode()),
            ("ownerReferences", new JsonArray(OwnerReferences.Controller(owner))));
        return Object(("apiVersion", "v1"), ("kind", "Pod"), ("metadata", metadata), ("spec", template.At("spec").ToObject()));
    }

    /// <summary>
    /// The hash of a template and a count of collisions: FNV-1a, 32 bits, in the letters of generated names. Kubernetes hashes Go's printed
    /// form of the struct, which nobody outside Go can; ours hashes the fields in order of their names.
    /// </summary>
    public static string Hash(JsonElement template, long? collisionCount)
    {
        var text = new StringBuilder();
        Canonical(template, text);
        if (collisionCount is { } collisions)
            text.Append('#').Append(collisions);
        var hash = 2166136261u;
        foreach (var octet in Encoding.UTF8.GetBytes(text.ToString()))
            hash = (hash ^ octet) * 16777619u;
        return SafeEncode(hash.ToString());
    }

    /// <summary><c>rand.SafeEncodeString</c>: no vowels, nothing that reads as another letter.</summary>
    public static string SafeEncode(string text) => string.Concat(text.Select(letter => SafeAlphabet[letter % SafeAlphabet.Length]));

    /// <summary>Whether two templates are the same but for one label (the hash a controller adds).</summary>
    public static bool EqualIgnoring(string label, JsonElement one, JsonElement other) => JsonNode.DeepEquals(Without(label, one), Without(label, other));

    private static JsonObject Without(string label, JsonElement template)
    {
        var copy = template.ToObject();
        if (copy["metadata"] is JsonObject metadata)
        {
            metadata.Remove("creationTimestamp");
            if (metadata["labels"] is JsonObject labels)
            {
                labels.Remove(label);
                if (labels.Count == 0)
                    metadata.Remove("labels");
            }
            if (metadata.Count == 0)
                copy.Remove("metadata");
        }
        return copy;
    }

    private static void Canonical(JsonElement value, StringBuilder into)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                into.Append('{');
                foreach (var field in value.EnumerateObject().OrderBy(field => field.Name, StringComparer.Ordinal))
                {
                    if (field.Value.ValueKind == JsonValueKind.Null)
                        continue;
                    into.Append(field.Name).Append(':');
                    Canonical(field.Value, into);
                    into.Append(',');
                }
                into.Append('}');
                break;
            case JsonValueKind.Array:
                into.Append('[');
                foreach (var item in value.EnumerateArray())
                {
                    Canonical(item, into);
                    into.Append(',');
                }
                into.Append(']');
                break;
            default:
                into.Append(value.GetRawText());
                break;
        }
    }
}
