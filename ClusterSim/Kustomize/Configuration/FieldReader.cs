using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Configuration;

/// <summary>
/// Reads the fields of a kustomization or of a transformer's configuration. Every error names the file, the field, the value found and the type expected.
/// Names are compared as Go's JSON decoder does: another case is accepted.
/// </summary>
/// <param name="fields">The fields.</param>
/// <param name="place">The file, and the path of this object in it.</param>
/// <param name="isStrict">Whether unknown fields are errors.</param>
internal sealed class FieldReader(JsonObject fields, string place, bool isStrict)
{
    public string Place { get; } = place;

    public bool IsEmpty => fields.Count == 0;

    /// <summary>The names of the fields that are there.</summary>
    public IEnumerable<string> Names => fields.Select(one => one.Key);

    public static FieldReader Parse(byte[] utf8, string file, bool isStrict)
    {
        try
        {
            return JsonNode.Parse(YamlConversion.ToJson(utf8, strict: null)) switch
            {
                JsonObject read => new FieldReader(read, file, isStrict),
                null => new FieldReader([], file, isStrict),
                var other => throw new KustomizeException($"{file}: an object is expected, found {Describe(other)}"),
            };
        }
        catch (Exception ex) when (ex is DecodeException or JsonException)
        {
            throw new KustomizeException($"{file}: {ex.Message}");
        }
    }

    /// <summary>Fails where a field is none of those known.</summary>
    public FieldReader Require(params ReadOnlySpan<string> known)
    {
        if (isStrict)
            foreach (var name in Names)
                if (!Contains(known, name))
                    throw new KustomizeException($"{Place}: unknown field \"{name}\"; known are {string.Join(", ", known)}");
        return this;
    }

    public bool Has(string name) => Find(name) is not null;

    /// <summary>The error of a field.</summary>
    public KustomizeException Error(string name, string message) => new($"{PlaceOf(name)}: {message}");

    public string Text(string name) => Find(name) switch
    {
        null => "",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        var other => throw Error(name, $"a string is expected, found {Describe(other)}"),
    };

    public string RequiredText(string name) => Text(name) is { Length: > 0 } text ? text : throw Error(name, "a value is required");

    public bool Flag(string name) => Find(name) switch
    {
        null => false,
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),
        var other => throw Error(name, $"true or false is expected, found {Describe(other)}"),
    };

    public long Integer(string name) => Find(name) switch
    {
        null => 0,
        JsonValue value when value.GetValueKind() == JsonValueKind.Number && value.TryGetValue<long>(out var integer) => integer,
        var other => throw Error(name, $"an integer is expected, found {Describe(other)}"),
    };

    public IReadOnlyList<string> Texts(string name) =>
        [.. List(name).Select((item, at) => item is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? value.GetValue<string>()
            : throw Error(name, $"[{at}]: a string is expected, found {Describe(item)}"))];

    public IReadOnlyDictionary<string, string> TextMap(string name)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        switch (Find(name))
        {
            case null:
                break;
            case JsonObject map:
                foreach (var (key, value) in map)
                    texts[key] = value switch
                    {
                        null => "",
                        JsonValue text when text.GetValueKind() == JsonValueKind.String => text.GetValue<string>(),
                        _ => throw Error(name, $"{key}: a string is expected, found {Describe(value)}"),
                    };
                break;
            case var other:
                throw Error(name, $"a map of strings is expected, found {Describe(other)}");
        }
        return texts;
    }

    public FieldReader? Object(string name) => Find(name) switch
    {
        null => null,
        JsonObject map => new FieldReader(map, PlaceOf(name), isStrict),
        var other => throw Error(name, $"an object is expected, found {Describe(other)}"),
    };

    public IReadOnlyList<FieldReader> Objects(string name) =>
        [.. List(name).Select((item, at) => item is JsonObject map
            ? new FieldReader(map, $"{PlaceOf(name)}[{at}]", isStrict)
            : throw Error(name, $"[{at}]: an object is expected, found {Describe(item)}"))];

    private IEnumerable<JsonNode?> List(string name) => Find(name) switch
    {
        null => [],
        JsonArray list => list,
        var other => throw Error(name, $"a list is expected, found {Describe(other)}"),
    };

    private JsonNode? Find(string name)
    {
        if (fields.TryGetPropertyValue(name, out var exact))
            return exact;
        foreach (var (key, value) in fields)
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
                return value;
        return null;
    }

    private string PlaceOf(string name) => Place.Contains(": ", StringComparison.Ordinal) ? $"{Place}.{name}" : $"{Place}: {name}";

    private static bool Contains(ReadOnlySpan<string> known, string name)
    {
        foreach (var one in known)
            if (one.Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    private static string Describe(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "an object",
        JsonArray => "a list",
        _ => node.ToJsonString(TextOptions),
    };

    private static readonly JsonSerializerOptions TextOptions = JsonBuilding.TextOptions;
}
