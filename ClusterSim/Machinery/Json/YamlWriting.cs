using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ClusterSim.Machinery;

/// <summary>JSON to YAML as sigs.k8s.io/yaml writes it: block style, keys in order, two spaces, items of a list at their key's indentation.</summary>
internal static partial class YamlWriting
{
    /// <summary>The document in YAML.</summary>
    public static byte[] FromJson(JsonElement value)
    {
        var text = new StringBuilder();
        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && value.Count() > 0)
            Write(text, value, indent: 0);
        else
            text.Append(Scalar(value)).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void Write(StringBuilder text, JsonElement value, int indent)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
            {
                text.Append(' ', indent).Append('-');
                // The first field of an object stands beside the dash.
                if (item.ValueKind is JsonValueKind.Object or JsonValueKind.Array && item.Count() > 0)
                {
                    var nested = new StringBuilder();
                    Write(nested, item, indent + 2);
                    text.Append(' ').Append(nested.ToString().AsSpan(indent + 2));
                }
                else
                {
                    text.Append(' ').Append(Scalar(item)).Append('\n');
                }
            }
            return;
        }
        foreach (var field in value.EnumerateObject().OrderBy(field => field.Name, StringComparer.Ordinal))
        {
            text.Append(' ', indent).Append(Quoted(field.Name)).Append(':');
            var inner = field.Value;
            if (inner.ValueKind is JsonValueKind.Object or JsonValueKind.Array && inner.Count() > 0)
            {
                text.Append('\n');
                Write(text, inner, inner.ValueKind == JsonValueKind.Array ? indent : indent + 2);
            }
            else
            {
                text.Append(' ').Append(Scalar(inner)).Append('\n');
            }
        }
    }

    private static string Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "{}",
        JsonValueKind.Array => "[]",
        JsonValueKind.String => Quoted(value.GetString()!),
        JsonValueKind.Undefined or JsonValueKind.Null => "null",
        _ => value.GetRawText(),
    };

    // A JSON string is a double-quoted scalar of YAML.
    private static string Quoted(string text) =>
        PlainPattern().IsMatch(text) && !text.EndsWith(':') && !text.Contains(": ", StringComparison.Ordinal) && !text.Contains(" #", StringComparison.Ordinal)
            && !text.EndsWith(' ') && !DatePattern().IsMatch(text) && YamlConversion.Plain(text) is null && text is not ("y" or "Y" or "n" or "N" or "<<" or "=")
            ? text
            : JsonSerializer.Serialize(text, JsonBuilding.TextOptions);

    [GeneratedRegex(@"^[\p{L}\p{N}_./(\\$^+;][\p{L}\p{N}_./()\\$^+;=:@ ,#'""{}\[\]<>|&*!?%~-]*$")]
    private static partial Regex PlainPattern();

    // Go reads such a scalar as a time.
    [GeneratedRegex(@"^\d{4}-\d\d?-\d\d?")]
    private static partial Regex DatePattern();
}
