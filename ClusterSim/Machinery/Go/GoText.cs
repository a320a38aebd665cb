using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Machinery;

/// <summary>Values as Go prints them, since Kubernetes' messages contain them: with <c>%q</c>, <c>%v</c> and <c>%T</c>, and as Go's JSON.</summary>
internal static class GoText
{
    /// <summary>A string as <c>%q</c> prints it.</summary>
    public static string Quote(string text)
    {
        var result = new StringBuilder(text.Length + 2).Append('"');
        foreach (var rune in text.EnumerateRunes())
            _ = rune.Value switch
            {
                '"' => result.Append("\\\""),
                '\\' => result.Append("\\\\"),
                '\a' => result.Append("\\a"),
                '\b' => result.Append("\\b"),
                '\f' => result.Append("\\f"),
                '\n' => result.Append("\\n"),
                '\r' => result.Append("\\r"),
                '\t' => result.Append("\\t"),
                '\v' => result.Append("\\v"),
                < ' ' or 0x7f => result.Append("\\x").Append(rune.Value.ToString("x2")),
                _ when IsPrintable(rune) => result.Append(rune.ToString()),
                <= 0xffff => result.Append("\\u").Append(rune.Value.ToString("x4")),
                _ => result.Append("\\U").Append(rune.Value.ToString("x8")),
            };
        return result.Append('"').ToString();
    }

    /// <summary>Strings as <c>%q</c> prints them: <c>["a" "b"]</c>.</summary>
    public static string QuoteList(IEnumerable<string> values) => $"[{string.Join(' ', values.Select(Quote))}]";

    /// <summary>A value as <c>%v</c> prints it: <c>map[a:1 b:[x y]]</c>.</summary>
    public static string Print(JsonNode? value) => value switch
    {
        null => "<nil>",
        JsonObject map => $"map[{string.Join(' ', map.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => $"{field.Key}:{Print(field.Value)}"))}]",
        JsonArray list => $"[{string.Join(' ', list.Select(Print))}]",
        JsonValue text when text.TryGetValue<string>(out var said) => said,
        _ => value.ToJsonString(),
    };

    /// <summary>The type of an unstructured value as <c>%T</c> prints it.</summary>
    public static string TypeName(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && !value.TryGetInt64(out _) ? "float64" : TypeName(value.ValueKind);

    /// <inheritdoc cref="TypeName(JsonElement)"/>
    public static string TypeName(JsonNode value) => TypeName(value.GetValueKind());

    private static string TypeName(JsonValueKind kind) => kind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Number => "int64",
        JsonValueKind.Array => "[]interface {}",
        _ => "map[string]interface {}",
    };

    /// <summary>Whether Go's <c>unicode.IsPrint</c> holds.</summary>
    public static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    /// <summary>A value as a message shows it: a string quoted, null where there is none, otherwise compact JSON.</summary>
    public static string Render(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Undefined or JsonValueKind.Null:
                return "null";
            case JsonValueKind.String:
                return Quote(value.GetString()!);
            default:
                var text = new StringBuilder();
                AppendJson(text, value);
                return text.ToString();
        }
    }

    /// <summary>The map of strings that Go would print: keys in order; <c>null</c> where there is none.</summary>
    public static string RenderMap(JsonElement map)
    {
        if (map.ValueKind != JsonValueKind.Object)
            return "null";
        var text = new StringBuilder("{");
        foreach (var field in map.EnumerateObject().OrderBy(field => field.Name, StringComparer.Ordinal))
        {
            if (text.Length > 1)
                text.Append(',');
            AppendString(text, field.Name);
            text.Append(':');
            AppendJson(text, field.Value);
        }
        return text.Append('}').ToString();
    }

    /// <summary>
    /// An internal type without JSON tags as Go's encoder writes it: all fields, capitalized as <paramref name="fields"/> say
    /// (<c>Name=name</c>), in their order, absent ones as null.
    /// </summary>
    public static string RenderInternal(JsonElement value, params ReadOnlySpan<InternalField> fields)
    {
        var text = new StringBuilder("{");
        foreach (var (goName, name, rendered) in fields)
        {
            if (text.Length > 1)
                text.Append(',');
            AppendString(text, goName);
            text.Append(':');
            if (value.ValueKind != JsonValueKind.Object || !value.TryGetProperty(name, out var field))
                text.Append("null");
            else if (rendered is null)
                AppendJson(text, field);
            else
                text.Append(rendered(field));
        }
        return text.Append('}').ToString();
    }

    /// <summary>A number or percentage as Go writes it; its zero value where there is none.</summary>
    public static string RenderCount(JsonElement value) => value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null ? "0" : Render(value);

    /// <summary>A field of an internal type: its name in Go, its name in JSON, and how its value is shown where that is of an internal type too.</summary>
    internal readonly record struct InternalField(string GoName, string Name, Func<JsonElement, string>? Rendered = null)
    {
        /// <summary>A field whose value is shown as JSON.</summary>
        public static implicit operator InternalField((string GoName, string Name) field) => new(field.GoName, field.Name);
    }

    private static void AppendJson(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                AppendString(text, value.GetString()!);
                break;
            case JsonValueKind.Object:
                text.Append('{');
                var first = true;
                foreach (var field in value.EnumerateObject())
                {
                    if (!first)
                        text.Append(',');
                    first = false;
                    AppendString(text, field.Name);
                    text.Append(':');
                    AppendJson(text, field.Value);
                }
                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                var leading = true;
                foreach (var item in value.EnumerateArray())
                {
                    if (!leading)
                        text.Append(',');
                    leading = false;
                    AppendJson(text, item);
                }
                text.Append(']');
                break;
            case JsonValueKind.Undefined or JsonValueKind.Null:
                text.Append("null");
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    // encoding/json escapes what HTML could mistake.
    private static void AppendString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var letter in value)
            _ = letter switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                '<' or '>' or '&' or '\u2028' or '\u2029' or < ' ' => text.Append("\\u").Append(((int)letter).ToString("x4")),
                _ => text.Append(letter),
            };
        text.Append('"');
    }
}
