using System.Text.Json.Nodes;
using ClusterSim.Schema;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.CustomResources;

/// <summary>Custom kinds in OpenAPI documents (<c>pkg/controller/openapi/builder</c>): what the definition says, with kind, version and metadata.</summary>
internal static class CustomOpenApi
{
    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    private const string ListMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

    // What version 2 has no word for.
    private static readonly string[] NotInV2 = ["oneOf", "anyOf", "allOf", "not", "nullable"];

    /// <summary>The definitions that a kind's own refer to.</summary>
    public static IReadOnlyList<string> References { get; } = [Meta, ListMeta];

    /// <summary>What a kind is called: by its reversed group.</summary>
    public static string NameOf(ResourceType type, string kind) => $"{string.Join('.', type.Group.Split('.').Reverse())}.{type.Version}.{kind}";

    /// <summary>A kind's schema.</summary>
    /// <param name="type">The resource.</param>
    /// <param name="prefix">Where the document keeps schemas, such as <c>#/definitions/</c>.</param>
    /// <param name="isV2">Whether it is for the document of version 2, which kubectl takes literally: what may have unknown fields names none.</param>
    public static JsonObject Of(ResourceType type, string prefix, bool isV2)
    {
        var schema = type.CustomVersion()?.Schema;
        JsonObject result;
        if (schema is null || (isV2 && schema.PreservesUnknown))
        {
            result = Object(("type", "object"));
        }
        else
        {
            result = Copied(schema, prefix, isV2);
            AddMeta(result, prefix);
        }
        result["x-kubernetes-group-version-kind"] = new JsonArray(Told(type, type.Kind));
        if (type.CustomVersion()?.SelectableFields is { Count: > 0 } fields)
            result["x-kubernetes-selectable-fields"] = new JsonArray([.. fields.Select(path => Object(("fieldPath", path.TrimStart('.'))))]);
        return result;
    }

    /// <summary>The schema of a kind's list.</summary>
    public static JsonObject ListOf(ResourceType type, string prefix) => Object(
        ("type", "object"),
        ("required", new JsonArray("items")),
        ("properties", Object(
            ("apiVersion", Object(("type", "string"))),
            ("kind", Object(("type", "string"))),
            ("metadata", Object(("$ref", prefix + ListMeta))),
            ("items", Object(("type", "array"), ("items", Object(("$ref", prefix + NameOf(type, type.Kind)))))))),
        ("x-kubernetes-group-version-kind", new JsonArray(Told(type, type.ListKind))));

    private static JsonObject Told(ResourceType type, string kind) => Object(("group", type.Group), ("version", type.Version), ("kind", kind));

    private static void AddMeta(JsonObject schema, string prefix)
    {
        var properties = schema.Ensure("properties");
        properties["apiVersion"] = Object(("type", "string"));
        properties["kind"] = Object(("type", "string"));
        properties["metadata"] = Object(("$ref", prefix + Meta));
    }

    private static JsonObject Copied(StructuralSchema schema, string prefix, bool isV2)
    {
        var result = schema.Source.ToObject();
        var hidesInside = isV2 && (schema.Nullable || schema.PreservesUnknown);
        result.Remove("items");
        result.Remove("properties");
        result.Remove("default");
        if (!hidesInside && schema.Items is { } items)
            result["items"] = Copied(items, prefix, isV2);
        if (!hidesInside && schema.Properties.Count > 0)
            result["properties"] = new JsonObject(schema.PropertyNames.Select(name => KeyValuePair.Create(name, (JsonNode?)Copied(schema.Properties[name], prefix, isV2))));
        if (schema.AdditionalProperties is { } values)
            result["additionalProperties"] = Copied(values, prefix, isV2);
        if (!isV2 && schema.Default.Exists())
            result["default"] = schema.Default.ToNode();
        if (isV2)
        {
            foreach (var name in NotInV2)
                result.Remove(name);
            if (schema.Nullable || (schema.PreservesUnknown && schema.Type == "object") || (schema.Type == "array" && !result.ContainsKey("items")))
                result.Remove("type");
            if (schema.Default.Exists() && !schema.Nullable)
                result["default"] = schema.Default.ToNode();
            if (schema.Required.Any(name => schema.Properties.GetValueOrDefault(name)?.Nullable == true))
            {
                var left = schema.Required.Where(name => schema.Properties.GetValueOrDefault(name)?.Nullable != true).ToList();
                if (left.Count == 0)
                    result.Remove("required");
                else
                    result["required"] = new JsonArray([.. left.Select(name => JsonValue.Create(name))]);
            }
        }
        else if (schema.IsIntOrString && schema.AnyOf.Count == 0 && schema.AllOf.Count == 0)
        {
            result["anyOf"] = new JsonArray(Object(("type", "integer")), Object(("type", "string")));
        }
        if (schema.IsEmbeddedResource && !(isV2 && schema.PreservesUnknown))
        {
            AddMeta(result, prefix);
            var required = new JsonArray([.. schema.Required.Union(["kind", "apiVersion"], StringComparer.Ordinal).Select(name => JsonValue.Create(name))]);
            result["required"] = required;
        }
        return result;
    }
}
