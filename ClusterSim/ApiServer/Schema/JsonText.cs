using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Schema;

/// <summary>Strings and kinds of JSON values as Go reads and names them. .NET's readers refuse what Go repairs.</summary>
internal static class JsonText
{
    /// <summary>What Go calls the kind of value that the reader is at.</summary>
    public static string Told(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "object",
        JsonTokenType.StartArray => "array",
        JsonTokenType.String => "string",
        JsonTokenType.Number => "number",
        _ => "bool",
    };

    /// <summary>What Go calls a kind of value.</summary>
    public static string Told(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        _ => "bool",
    };

    /// <summary>The string or name that the reader is at; a surrogate without its half is U+FFFD, as Go reads it.</summary>
    public static string TextOf(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return reader.GetString()!;
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Unescape(Encoding.UTF8.GetString(reader.ValueSpan));
        }
    }

    /// <summary>The string of an element; see <see cref="TextOf(ref Utf8JsonReader)"/>.</summary>
    public static string TextOf(JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return Unescape(element.GetRawText()[1..^1]);
        }
    }

    /// <summary>The name of a field; see <see cref="TextOf(ref Utf8JsonReader)"/>.</summary>
    public static string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            var whole = property.ToString();
            return Unescape(whole[1..whole.IndexOf("\":", StringComparison.Ordinal)]);
        }
    }

    /// <summary>A copy in which the last of repeated keys counts and lone surrogates are U+FFFD: JsonNode would throw at both, much later.</summary>
    public static JsonNode? Repaired(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var copy = new JsonObject();
                foreach (var field in element.EnumerateObject())
                    copy[NameOf(field)] = Repaired(field.Value);
                return copy;
            case JsonValueKind.Array:
                var items = new JsonArray();
                foreach (var item in element.EnumerateArray())
                    items.Add(Repaired(item));
                return items;
            case JsonValueKind.String:
                return JsonValue.Create(TextOf(element));
            case JsonValueKind.Null:
                return null;
            default:
                return JsonValue.Create(element);
        }
    }

    private static string Unescape(string escaped)
    {
        var result = new StringBuilder(escaped.Length);
        for (var at = 0; at < escaped.Length; at++)
        {
            if (escaped[at] != '\\')
            {
                result.Append(escaped[at]);
                continue;
            }
            at++;
            if (escaped[at] == 'u')
            {
                result.Append((char)ushort.Parse(escaped.AsSpan(at + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                at += 4;
            }
            else
            {
                result.Append(escaped[at] switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', var other => other });
            }
        }
        for (var at = 0; at < result.Length; at++)
        {
            if (char.IsHighSurrogate(result[at]) && at + 1 < result.Length && char.IsLowSurrogate(result[at + 1]))
                at++;
            else if (char.IsSurrogate(result[at]))
                result[at] = '\uFFFD';
        }
        return result.ToString();
    }
}
