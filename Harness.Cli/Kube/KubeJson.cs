using System.Text.Json;
using System.Text.Json.Nodes;

namespace Harness.Kube;

/// <summary>Builds JSON objects, and converts between what is read and what is built.</summary>
internal static class KubeJson
{
    /// <summary>Returns an object of fields; a null value leaves its field out.</summary>
    public static JsonObject Object(params ReadOnlySpan<(string Name, JsonNode? Value)> fields)
    {
        var result = new JsonObject();
        foreach (var (name, value) in fields)
            if (value is not null)
                result[name] = value;
        return result;
    }

    /// <summary>Returns the string of a field; null where there is none.</summary>
    public static string? TextOf(JsonObject @object, string name) => @object[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>Returns a mutable copy; null where there is no value.</summary>
    public static JsonNode? ToNode(this JsonElement element) => element.ValueKind is JsonValueKind.Undefined ? null : JsonSerializer.SerializeToNode(element);

    /// <summary>Returns a mutable copy of an object; an empty one where there is none.</summary>
    public static JsonObject ToObject(this JsonElement element) => element.ToNode() as JsonObject ?? [];

    /// <summary>Returns an immutable copy.</summary>
    public static JsonElement ToElement(this JsonNode node) => JsonSerializer.SerializeToElement(node);
}
