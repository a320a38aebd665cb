using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Machinery;

/// <summary>Building and copying documents. What is being built is a <see cref="JsonObject"/>; what is stored is read as <see cref="JsonElement"/>.</summary>
internal static class JsonBuilding
{
    /// <summary>How documents are written: compact, non-ASCII as it is (Go's encoder escapes only &lt;, &gt;, &amp;, U+2028 and U+2029; clients read both).</summary>
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The same for texts made by the serializer.</summary>
    public static readonly JsonSerializerOptions TextOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>An object with these fields; a null value leaves its field out.</summary>
    public static JsonObject Object(params ReadOnlySpan<(string Name, JsonNode? Value)> fields)
    {
        var result = new JsonObject();
        foreach (var (name, value) in fields)
            if (value is not null)
                result[name] = value;
        return result;
    }

    /// <summary>A mutable copy of a stored value.</summary>
    public static JsonNode? ToNode(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => JsonObject.Create(element),
        JsonValueKind.Array => JsonArray.Create(element),
        JsonValueKind.Undefined or JsonValueKind.Null => null,
        _ => JsonValue.Create(element),
    };

    /// <summary>A mutable copy of a stored object; an empty one where there is none.</summary>
    public static JsonObject ToObject(this JsonElement element) => element.ToNode() as JsonObject ?? [];

    /// <summary>Whether both are the same value, or neither is there.</summary>
    public static bool IsSameAs(this JsonElement element, JsonElement other) =>
        element.Exists() == other.Exists() && (!element.Exists() || JsonElement.DeepEquals(element, other));

    /// <summary>An immutable view of what was built.</summary>
    public static JsonElement ToElement(this JsonNode node) => JsonElement.Parse(node.ToUtf8());

    /// <summary>The compact UTF-8 JSON of what was built.</summary>
    public static byte[] ToUtf8(this JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
            node.WriteTo(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The object under <paramref name="name"/>, made where it is absent or null.</summary>
    public static JsonObject Ensure(this JsonObject parent, string name)
    {
        if (parent[name] is JsonObject present)
            return present;
        var made = new JsonObject();
        parent[name] = made;
        return made;
    }

    /// <summary>Sets a field that is absent or null; leaves any other value alone. What defaulting is made of.</summary>
    public static void Default(this JsonObject parent, string name, JsonNode value)
    {
        if (parent[name] is null)
            parent[name] = value;
    }

    /// <summary>The string under <paramref name="name"/>; null where there is none.</summary>
    public static string? Text(this JsonObject? parent, string name) =>
        parent?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    /// <summary>The integer under <paramref name="name"/>; null where there is none.</summary>
    public static long? Integer(this JsonObject? parent, string name) =>
        parent?[name] is JsonValue value && value.TryGetValue<long>(out var number) ? number
        : parent?[name] is JsonValue small && small.TryGetValue<int>(out var narrow) ? narrow : null;
}
