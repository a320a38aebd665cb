using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace ClusterSim.Tests.Fidelity;

/// <summary>Protobuf read without a schema, as the recordings hold it: values by field number, a list where a number comes again.</summary>
internal static class ProtobufOutline
{
    private const ulong StampMin = 1_500_000_000;
    private const ulong StampMax = 2_500_000_000;

    private static ReadOnlySpan<byte> Prefix => "k8s\0"u8;

    /// <summary>An answer: what follows the four bytes <c>k8s\0</c>.</summary>
    public static JsonNode Answer(ReadOnlySpan<byte> data) => data.StartsWith(Prefix)
        ? new JsonObject { ["protobuf"] = Fields(data[Prefix.Length..]) }
        : new JsonObject { ["not protobuf"] = Encoding.UTF8.GetString(data) };

    /// <summary>The frames of a watch: each a length in four bytes and an event.</summary>
    public static JsonArray Events(ReadOnlySpan<byte> data)
    {
        var events = new JsonArray();
        for (var at = 0; at + 4 <= data.Length;)
        {
            var size = (data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3];
            events.Add(Fields(data.Slice(at + 4, size)));
            at += 4 + size;
        }
        return events;
    }

    private static JsonObject? Fields(ReadOnlySpan<byte> data)
    {
        var found = new Dictionary<string, List<JsonNode>>(StringComparer.Ordinal);
        var at = 0;
        while (at < data.Length)
        {
            if (Varint(data, ref at) is not { } tag || tag >> 3 == 0)
                return null;
            JsonNode value;
            switch (tag & 7)
            {
                case 0 when Varint(data, ref at) is { } number:
                    value = number is > StampMin and < StampMax ? "<time>" : JsonValue.Create(number);
                    break;
                case 2 when Varint(data, ref at) is { } size && at + (long)size <= data.Length:
                    value = Plain(data.Slice(at, (int)size));
                    at += (int)size;
                    break;
                case 1 or 5 when at + ((tag & 7) == 1 ? 8 : 4) is var end && end <= data.Length:
                    value = Convert.ToHexStringLower(data[at..end]);
                    at = end;
                    break;
                default:
                    return null;
            }
            var key = (tag >> 3).ToString(CultureInfo.InvariantCulture);
            if (!found.TryGetValue(key, out var values))
                found[key] = values = [];
            values.Add(value);
        }
        return new JsonObject(found.Select(field => KeyValuePair.Create(field.Key, field.Value.Count == 1 ? field.Value[0] : (JsonNode?)new JsonArray([.. field.Value]))));
    }

    private static JsonNode Plain(ReadOnlySpan<byte> data)
    {
        if (data.StartsWith(Prefix) && Fields(data[Prefix.Length..]) is { } inner)
            return inner;
        var text = System.Text.Unicode.Utf8.IsValid(data) ? Encoding.UTF8.GetString(data) : null;
        if (text is not null && text.All(letter => letter >= ' '))
            return text.Length > 1 && text.All(char.IsAsciiDigit) ? "<number>" : text;
        return Fields(data) as JsonNode ?? text ?? "base64:" + Convert.ToBase64String(data);
    }

    private static ulong? Varint(ReadOnlySpan<byte> data, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; shift <= 63 && at < data.Length; shift += 7)
        {
            value |= (ulong)(data[at] & 0x7F) << shift;
            if (data[at++] < 0x80)
                return value;
        }
        return null;
    }
}
