using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Schema;

namespace ClusterSim.Patching;

/// <summary>How values are looked at for ownership: which have owners inside, and what the steps into them are called.</summary>
internal static class TypedValue
{
    /// <summary>The type of what no schema tells of: objects have owners inside, lists do not.</summary>
    public static readonly FieldType Deduced = new(FieldKind.Raw) { GoName = "interface {}", Ownership = Ownership.Granular };

    /// <summary>Whether a value's entries have owners of their own, as a map's do.</summary>
    public static bool IsGranularMap(FieldType type, JsonNode? a, JsonNode? b) =>
        type.Ownership != Ownership.Atomic
        && (type.Kind is FieldKind.Object or FieldKind.Map || (type.Kind == FieldKind.Raw && (a ?? b) is JsonObject && (b ?? a) is JsonObject));

    /// <summary>Whether a list's items have owners of their own.</summary>
    public static bool IsGranularList(FieldType type) => type.Kind == FieldKind.Array && type.Ownership is Ownership.Set or Ownership.Keyed;

    /// <summary>The type of a field or value in a map.</summary>
    public static FieldType Of(FieldType type, string name) => type.Of(name) ?? Deduced;

    /// <summary>The step to a field.</summary>
    public static string Step(string field) => "f:" + field;

    /// <summary>The step to an item of a set or keyed list; null with the complaint where it has none.</summary>
    public static string? Step(FieldType list, JsonNode? item, out string? complaint)
    {
        complaint = null;
        if (list.Ownership == Ownership.Set)
        {
            if (item is JsonValue scalar)
                return "v:" + Text(scalar);
            complaint = "associative list without keys has an element that's a map type";
            return null;
        }
        if (item is not JsonObject fields)
        {
            complaint = item is null ? "associative list with keys may not have a null element" : "associative list with keys may not have non-map elements";
            return null;
        }
        if (list.Keys.Count == 1 && fields[list.Keys[0]] is JsonValue only)
            return $"k:{{\"{list.Keys[0]}\":{Text(only)}}}";
        var keys = new List<string>(list.Keys.Count);
        foreach (var key in list.Keys.Order(StringComparer.Ordinal))
        {
            var value = fields[key] ?? (list.Item!.Kind == FieldKind.Object ? list.Item.Shape.Find(key)?.Default : null);
            if (value is null)
            {
                complaint = $"associative list with keys has an element that omits key field \"{key}\" (and doesn't have default value)";
                return null;
            }
            keys.Add($"\"{key}\":{Text(value)}");
        }
        return $"k:{{{string.Join(',', keys)}}}";
    }

    /// <summary>Whether two values are the same.</summary>
    public static bool Same(JsonNode? a, JsonNode? b)
    {
        if (ReferenceEquals(a, b))
            return true;
        if (a is JsonValue left && b is JsonValue right && left.TryGetValue<string>(out var one) && right.TryGetValue<string>(out var other))
            return one == other;
        return JsonNode.DeepEquals(a, b);
    }

    /// <summary>Whether this is an object or list without entries, or null.</summary>
    public static bool IsEmpty(JsonNode? value) => value is null or JsonObject { Count: 0 } or JsonArray { Count: 0 };

    private static string Text(JsonNode value)
    {
        if (value is JsonValue scalar && scalar.TryGetValue<string>(out var text) && !text.AsSpan().ContainsAny("\"\\") && !text.AsSpan().ContainsAnyInRange('\0', '\x1f'))
            return $"\"{text}\"";
        return value.ToJsonString(TextOptions);
    }

    private static readonly JsonSerializerOptions TextOptions = new() { Encoder = JsonBuilding.WriterOptions.Encoder };
}
