using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.CustomResources;

/// <summary>The columns that <c>kubectl get</c> prints for a custom resource (<c>customresource/tableconvertor</c>): its name, and what the definition asks for, else its age.</summary>
internal sealed class PrinterColumns
{
    private readonly List<(string Type, JsonPath Path)> _columns = [];

    private PrinterColumns()
    {
    }

    /// <summary>The columns as a Table defines them.</summary>
    public JsonArray Definitions { get; } = [Object(("name", "Name"), ("type", "string"), ("format", "name"), ("description", ""), ("priority", 0))];

    /// <summary>Reads <c>additionalPrinterColumns</c>. A path that is malformed ends the columns, as in Kubernetes.</summary>
    public static PrinterColumns Read(JsonElement columns)
    {
        var result = new PrinterColumns();
        if (columns.Count() == 0)
            columns = JsonElement.Parse("""[{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}]""");
        foreach (var column in columns.Items())
        {
            var path = column.At("jsonPath").Text("");
            try
            {
                result._columns.Add((column.At("type").Text(""), JsonPath.Parse(path)));
            }
            catch (FormatException)
            {
                break;
            }
            result.Definitions.Add((JsonNode)Object(
                ("name", column.At("name").Text("")),
                ("type", column.At("type").Text("")),
                ("format", column.At("format").Text("")),
                ("description", column.At("description").Text() ?? $"Custom resource definition column (in JSONPath format): {path}"),
                ("priority", column.At("priority").Integer(0))));
        }
        return result;
    }

    /// <summary>An object's cells.</summary>
    public JsonArray Print(JsonElement @object, DateTimeOffset now)
    {
        var cells = new JsonArray(@object.At("metadata", "name").Text(""));
        foreach (var (type, path) in _columns)
        {
            var found = path.Find(@object).Select(value => (JsonElement?)value).FirstOrDefault();
            cells.Add(found is { } value && value.Exists() ? Cell(type, value, now) : null);
        }
        return cells;
    }

    private static JsonNode? Cell(string type, JsonElement value, DateTimeOffset now) => type switch
    {
        "string" => value.Text() ?? (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array ? value.ToNode()!.ToJsonString() : value.GetRawText()),
        "integer" => value.ValueKind == JsonValueKind.Number ? value.TryGetInt64(out var whole) ? whole : (long)value.GetDouble() : null,
        "number" => value.ValueKind == JsonValueKind.Number ? value.TryGetInt64(out var exact) ? exact : value.GetDouble() : null,
        "boolean" => value.Flag() is { } flag ? flag : null,
        "date" => value.Text() is { } text ? DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? HumanDuration.Of(now - time) : "<invalid>" : null,
        _ => null,
    };
}
