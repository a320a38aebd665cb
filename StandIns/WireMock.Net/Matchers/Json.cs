using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace WireMock.Matchers;

/// <summary>
/// JSON as the real library, which is on Newtonsoft's, reads, writes and compares it: names as they are, null properties left out, whole
/// decimals written with <c>.0</c>; a whole number and one with a fraction or exponent differ in type, and so do not match.
/// </summary>
internal static class Json
{
    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new FractionalDecimal(), new FractionalDouble() },
    };

    internal static string Write(object? value) => value is JsonNode node ? node.ToJsonString(Options) : JsonSerializer.Serialize(value, Options);

    internal static JsonNode? Read(object? value) => value switch
    {
        null => null,
        JsonNode node => node,
        string text => JsonNode.Parse(text),
        _ => JsonNode.Parse(Write(value)),
    };

    internal static bool TryRead(object? value, out JsonNode? node)
    {
        try
        {
            node = Read(value);
            return true;
        }
        catch (JsonException)
        {
            node = null;
            return false;
        }
    }

    internal static bool Same(JsonNode? expected, JsonNode? found, bool ignoreCase, bool partial)
    {
        if (expected?.GetValueKind() != found?.GetValueKind() && !(IsBoolean(expected) && IsBoolean(found)))
            return false;
        var comparison = ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return (expected, found) switch
        {
            (null, _) => true,
            (JsonObject wanted, JsonObject given) => (partial || wanted.Count == given.Count) && wanted.All(pair =>
                given.Any(other => string.Equals(other.Key, pair.Key, comparison) && Same(pair.Value, other.Value, ignoreCase, partial))),
            (JsonArray wanted, JsonArray given) => partial
                ? wanted.All(element => given.Any(other => Same(element, other, ignoreCase, partial)))
                : wanted.Count == given.Count && wanted.Zip(given).All(pair => Same(pair.First, pair.Second, ignoreCase, partial)),
            _ when expected.GetValueKind() == JsonValueKind.Number => SameNumber(expected.ToJsonString(), found!.ToJsonString()),
            _ => string.Equals(expected.ToString(), found!.ToString(), comparison),
        };
    }

    private static bool IsBoolean(JsonNode? node) => node?.GetValueKind() is JsonValueKind.True or JsonValueKind.False;

    private static bool SameNumber(string expected, string found) =>
        IsWhole(expected) == IsWhole(found)
        && (decimal.TryParse(expected, NumberStyles.Float, CultureInfo.InvariantCulture, out var wanted)
            && decimal.TryParse(found, NumberStyles.Float, CultureInfo.InvariantCulture, out var given)
            ? wanted == given
            : string.Equals(expected, found, StringComparison.Ordinal));

    private static bool IsWhole(string number) => number.AsSpan().IndexOfAny(".eE") < 0;

    private static void WriteWithFraction(Utf8JsonWriter writer, string digits) =>
        writer.WriteRawValue(IsWhole(digits) ? digits + ".0" : digits);

    private sealed class FractionalDecimal : JsonConverter<decimal>
    {
        public override decimal Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDecimal();

        public override void Write(Utf8JsonWriter writer, decimal value, JsonSerializerOptions options) => WriteWithFraction(writer, value.ToString(CultureInfo.InvariantCulture));
    }

    private sealed class FractionalDouble : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => WriteWithFraction(writer, value.ToString("R", CultureInfo.InvariantCulture));
    }
}
