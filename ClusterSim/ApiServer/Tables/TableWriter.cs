using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.CustomResources;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tables;

/// <summary>
/// Tables as kubectl get asks for them: the columns of a real cluster (the embedded <c>columns.json</c>), the rows of <see cref="Rows"/>.
/// We carry no prose: of the columns' descriptions only the format is given.
/// </summary>
internal sealed class TableWriter(TimeProvider clock) : ITables
{
    private static readonly Lazy<FrozenDictionary<string, JsonElement>> ColumnsByPath = new(ReadColumns);

    private static readonly JsonElement NameAndAge = JsonElement.Parse(
        """[{"name":"Name","type":"string","format":"name","priority":0},{"name":"Created At","type":"date","format":"","priority":0}]""");

    /// <inheritdoc/>
    public JsonObject Table(ResourceType resource, IReadOnlyList<Document> items, string includeObject, bool withColumns, ListResult? list)
    {
        var path = resource.Group.Length == 0 ? $"/api/{resource.Version}/{resource.Name}" : $"/apis/{resource.GroupVersion}/{resource.Name}";
        var print = Rows.Of(resource.GroupResource);
        var columns = print is not null && ColumnsByPath.Value.TryGetValue(path, out var known) ? known : NameAndAge;
        if (resource.CustomVersion() is { } custom)
            columns = custom.Columns.Definitions.ToElement();
        var now = clock.GetUtcNow();
        var rows = new JsonArray();
        foreach (var stored in items)
        {
            var item = resource.CustomVersion()?.View(stored) ?? stored;
            var cells = resource.CustomVersion() is { } shown ? shown.Columns.Print(item.Root, now) : print is null ? [item.Name, item.Metadata.At("creationTimestamp").Text("")] : print(item.Root, now);
            rows.Add((JsonNode)Object(("cells", cells), ("object", Included(item, includeObject))));
        }
        return Object(
            ("kind", "Table"),
            ("apiVersion", "meta.k8s.io/v1"),
            ("metadata", Object(
                ("resourceVersion", list?.Revision.ToString(CultureInfo.InvariantCulture) ?? (items.Count > 0 ? items[0].Metadata.At("resourceVersion").Text() : null)),
                ("continue", list?.Continue),
                ("remainingItemCount", list?.Remaining))),
            ("columnDefinitions", withColumns ? columns.ToNode() : null),
            ("rows", rows));
    }

    private static JsonNode? Included(Document item, string includeObject) => includeObject switch
    {
        "None" => null,
        "Object" => item.ToObject(),
        _ => Object(("kind", "PartialObjectMetadata"), ("apiVersion", "meta.k8s.io/v1"), ("metadata", item.Metadata.ToNode())),
    };

    private static FrozenDictionary<string, JsonElement> ReadColumns()
    {
        using var stream = typeof(TableWriter).Assembly.GetManifestResourceStream("columns.json")!;
        using var document = JsonDocument.Parse(stream);
        return document.RootElement.EnumerateObject().ToFrozenDictionary(path => path.Name, path => path.Value.Clone(), StringComparer.Ordinal);
    }
}
