using System.Globalization;
using System.Text.Json;

namespace ClusterSim.Machinery;

/// <summary>
/// Reading stored documents without ceremony: a missing field is the <c>default</c> element (<see cref="JsonValueKind.Undefined"/>), and
/// every method here takes it, so that <c>pod.At("spec").At("nodeName").Text()</c> needs no checks on the way.
/// JSON null counts as missing.
/// </summary>
internal static class JsonElementReading
{
    /// <summary>The field <paramref name="name"/>; default where this is not an object, lacks it, or holds null there.</summary>
    public static JsonElement At(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : default;

    /// <inheritdoc cref="At(JsonElement, string)"/>
    public static JsonElement At(this JsonElement element, string first, string second) => element.At(first).At(second);

    /// <inheritdoc cref="At(JsonElement, string)"/>
    public static JsonElement At(this JsonElement element, string first, string second, string third) => element.At(first).At(second).At(third);

    /// <summary>Whether there is a value here.</summary>
    public static bool Exists(this JsonElement element) => element.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);

    /// <summary>Whether both are the same value, or neither is there.</summary>
    public static bool IsSameAs(this JsonElement element, JsonElement other) =>
        element.Exists() == other.Exists() && (!element.Exists() || JsonElement.DeepEquals(element, other));

    /// <summary>The items of an array; none where this is no array.</summary>
    public static JsonElement.ArrayEnumerator Items(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : default;

    /// <summary>The fields of an object; none where this is no object.</summary>
    public static JsonElement.ObjectEnumerator Fields(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : default;

    /// <summary>The number of items or fields; 0 for anything else.</summary>
    public static int Count(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => element.GetArrayLength(),
        JsonValueKind.Object => element.GetPropertyCount(),
        _ => 0,
    };

    /// <summary>The string here; <see langword="null"/> where there is none.</summary>
    public static string? Text(this JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;

    /// <summary>The string here, or <paramref name="absent"/>.</summary>
    public static string Text(this JsonElement element, string absent) => element.Text() ?? absent;

    /// <summary>The integer here; <see langword="null"/> where there is none.</summary>
    public static long? Integer(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var value) ? value : null;

    /// <summary>The integer here, or <paramref name="absent"/>.</summary>
    public static int Integer(this JsonElement element, int absent) => (int?)element.Integer() ?? absent;

    /// <summary>The boolean here; <see langword="null"/> where there is none.</summary>
    public static bool? Flag(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    /// <summary>The boolean here, or <paramref name="absent"/>.</summary>
    public static bool Flag(this JsonElement element, bool absent) => element.Flag() ?? absent;

    /// <summary>The RFC 3339 time here; <see langword="null"/> where there is none.</summary>
    public static DateTimeOffset? Time(this JsonElement element) =>
        element.Text() is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>A map of strings (labels, annotations, a selector's matchLabels); empty where there is none.</summary>
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
