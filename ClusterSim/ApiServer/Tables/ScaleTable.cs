using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tables;

/// <summary>The table of a Scale: what <c>kubectl get --subresource=scale</c> prints.</summary>
internal static class ScaleTable
{
    private static readonly JsonElement Columns = JsonElement.Parse(
        """
        [{"name":"Name","type":"string","format":"name","priority":0},{"name":"Desired","type":"integer","format":"","priority":0},
         {"name":"Available","type":"integer","format":"","priority":0},{"name":"Age","type":"string","format":"","priority":0}]
        """);

    /// <summary>One row.</summary>
    public static JsonObject Of(JsonObject scale, DateTimeOffset now)
    {
        var view = scale.ToElement();
        return Object(
            ("kind", "Table"),
            ("apiVersion", "meta.k8s.io/v1"),
            ("metadata", Object(("resourceVersion", view.At("metadata", "resourceVersion").Text()))),
            ("columnDefinitions", Columns.ToNode()),
            ("rows", new JsonArray(Object(
                ("cells", new JsonArray(
                    view.At("metadata", "name").Text(""), view.At("spec", "replicas").Integer(0), view.At("status", "replicas").Integer(0),
                    Cells.Since(view.At("metadata", "creationTimestamp"), now))),
                ("object", Object(("kind", "PartialObjectMetadata"), ("apiVersion", "meta.k8s.io/v1"), ("metadata", view.At("metadata").ToNode())))))));
    }
}
