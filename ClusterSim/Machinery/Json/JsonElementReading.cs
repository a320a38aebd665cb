using System.Globalization;
using System.Text.Json;

namespace ClusterSim.Json;

/// <summary>
/// Reads fields of Kubernetes objects that may be absent. A missing field is the default element (<see cref="JsonValueKind.Undefined"/>), which
/// every method here accepts: <c>pod.At("spec", "nodeName").Text()</c> needs no checks on the way. JSON null counts as missing.
/// </summary>
public static class JsonElementReading
{
    /// <summary>Returns the field <paramref name="name"/>; the default element where this is no object, or the field is absent or null.</summary>
    public static JsonElement At(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : default;

    /// <inheritdoc cref="At(JsonElement, string)"/>
    public static JsonElement At(this JsonElement element, string first, string second) => element.At(first).At(second);

    /// <inheritdoc cref="At(JsonElement, string)"/>
    public static JsonElement At(this JsonElement element, string first, string second, string third) => element.At(first).At(second).At(third);

    /// <summary>Returns whether there is a value.</summary>
    public static bool Exists(this JsonElement element) => element.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    /// <summary>Returns the items of an array; none where this is no array.</summary>
    public static JsonElement.ArrayEnumerator Items(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : default;

    /// <summary>Returns the fields of an object; none where this is no object.</summary>
    public static JsonElement.ObjectEnumerator Fields(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : default;

    /// <summary>Returns the number of items or fields; 0 for any other value.</summary>
    public static int Count(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.GetArrayLength(),
        JsonValueKind.Object => element.GetPropertyCount(),
        _ => 0,
    };

    /// <summary>Returns the string; null where this is no string.</summary>
    public static string? Text(this JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;

    /// <summary>Returns the string, or <paramref name="absent"/> where this is no string.</summary>
    public static string Text(this JsonElement element, string absent) => element.Text() ?? absent;

    /// <summary>Returns the integer; null where this is no integer.</summary>
    public static long? Integer(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var value) ? value : null;

    /// <summary>Returns the integer, or <paramref name="absent"/> where this is no integer.</summary>
    public static int Integer(this JsonElement element, int absent) => (int?)element.Integer() ?? absent;

    /// <summary>Returns the boolean; null where this is no boolean.</summary>
    public static bool? Flag(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>Returns the boolean, or <paramref name="absent"/> where this is no boolean.</summary>
    public static bool Flag(this JsonElement element, bool absent) => element.Flag() ?? absent;

    /// <summary>Returns the RFC 3339 time; null where this is no time.</summary>
    public static DateTimeOffset? Time(this JsonElement element) =>
        element.Text() is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>Returns a map of strings, such as labels or annotations; an empty one where this is no object.</summary>
    public static IReadOnlyDictionary<string, string> TextMap(this JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return EmptyMap;
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in element.EnumerateObject())
            map[field.Name] = field.Value.Text("");
        return map;
    }

    private static readonly IReadOnlyDictionary<string, string> EmptyMap = new Dictionary<string, string>(StringComparer.Ordinal);
}
