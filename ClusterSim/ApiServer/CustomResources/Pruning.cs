using System.Globalization;
using System.Text.Json.Nodes;

namespace ClusterSim.CustomResources;

/// <summary>
/// Brings an object into the shape of its schema: what no schema names is dropped, nulls that are no values go, defaults come
/// (<c>apiserver/schema/pruning</c> and <c>defaulting</c>).
/// </summary>
internal static class Pruning
{
    /// <summary>Drops the fields that the schema does not name.</summary>
    /// <param name="value">What is pruned, in place.</param>
    /// <param name="schema">Its schema; null drops every field.</param>
    /// <param name="isResource">Whether it is a whole object, whose kind, version and metadata stay.</param>
    /// <param name="dropped">Where the paths of what is dropped are told; null where nobody asks.</param>
    public static void Prune(JsonNode? value, StructuralSchema? schema, bool isResource, List<string>? dropped) =>
        Prune(value, schema, isResource || schema?.IsEmbeddedResource == true, "", dropped);

    private static void Prune(JsonNode? value, StructuralSchema? schema, bool isResource, string path, List<string>? dropped)
    {
        switch (value)
        {
            case JsonObject fields:
                foreach (var (name, field) in fields.ToList())
                {
                    if (isResource && IsMeta(name))
                        continue;
                    var below = path.Length == 0 ? name : $"{path}.{name}";
                    if (schema?.Properties.TryGetValue(name, out var property) == true)
                    {
                        Prune(field, property, property.IsEmbeddedResource, below, dropped);
                    }
                    else if (schema?.AdditionalProperties is { } values)
                    {
                        Prune(field, values, values.IsEmbeddedResource, below, dropped);
                    }
                    else if (schema is null || !(schema.PreservesUnknown || schema.AllowsAdditional is not null))
                    {
                        if (!IsMeta(name) || path.Length > 0)
                            dropped?.Add(below);
                        fields.Remove(name);
                    }
                    else if (!schema.PreservesUnknown)
                    {
                        Prune(field, null, isResource: false, below, dropped);
                    }
                }
                break;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                {
                    var at = $"{path}[{i.ToString(CultureInfo.InvariantCulture)}]";
                    if (schema?.PreservesUnknown == true)
                        KeepUnknown(items[i], schema.Items, at, dropped);
                    else
                        Prune(items[i], schema?.Items, schema?.Items?.IsEmbeddedResource == true, at, dropped);
                }
                break;
        }
    }

    /// <summary>A list that preserves unknown fields preserves those of its items, and of lists in it (<c>skipPrune</c>); what the items name is pruned.</summary>
    private static void KeepUnknown(JsonNode? value, StructuralSchema? schema, string path, List<string>? dropped)
    {
        if (schema is null)
            return;
        switch (value)
        {
            case JsonObject fields:
                foreach (var (name, field) in fields.ToList())
                {
                    if (schema.IsEmbeddedResource && IsMeta(name))
                        continue;
                    if (schema.Of(name) is { } inner)
                        Prune(field, inner, inner.IsEmbeddedResource, $"{path}.{name}", dropped);
                    else if (schema.AllowsAdditional is not null)
                        Prune(field, null, isResource: false, $"{path}.{name}", dropped);
                }
                break;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                    KeepUnknown(items[i], schema.Items, $"{path}[{i.ToString(CultureInfo.InvariantCulture)}]", dropped);
                break;
        }
    }

    /// <summary>Drops nulls where the schema has neither null nor a default.</summary>
    public static void DropNulls(JsonNode? value, StructuralSchema? schema)
    {
        switch (value)
        {
            case JsonObject fields:
                foreach (var (name, field) in fields.ToList())
                {
                    var inner = schema?.Of(name);
                    if (field is null && inner is { Nullable: false } && !inner.Default.Exists())
                        fields.Remove(name);
                    else
                        DropNulls(field, inner);
                }
                break;
            case JsonArray items:
                foreach (var item in items)
                    DropNulls(item, schema?.Items);
                break;
        }
    }

    /// <summary>Fills in defaults, outer ones first.</summary>
    public static void Default(JsonNode? value, StructuralSchema? schema)
    {
        if (schema is null)
            return;
        switch (value)
        {
            case JsonObject fields:
                foreach (var name in schema.PropertyNames)
                {
                    var property = schema.Properties[name];
                    if (property.Default.Exists() && (!fields.TryGetPropertyValue(name, out var present) || (present is null && !property.Nullable)))
                        fields[name] = property.Default.ToNode();
                }
                foreach (var (name, field) in fields.ToList())
                {
                    if (schema.Of(name) is not { } inner)
                        continue;
                    if (field is null && !inner.Nullable && inner.Default.Exists())
                        fields[name] = inner.Default.ToNode();
                    Default(fields[name], inner);
                }
                break;
            case JsonArray items when schema.Items is { } each:
                for (var i = 0; i < items.Count; i++)
                {
                    if (items[i] is null && !each.Nullable && each.Default.Exists())
                        items[i] = each.Default.ToNode();
                    Default(items[i], each);
                }
                break;
        }
    }

    private static bool IsMeta(string name) => name is "apiVersion" or "kind" or "metadata";
}
