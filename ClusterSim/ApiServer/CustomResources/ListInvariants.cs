using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.CustomResources;

/// <summary>The items of sets and keyed lists are distinct (<c>apiserver/schema/listtype</c>).</summary>
internal static class ListInvariants
{
    /// <summary>What is wrong below an object.</summary>
    public static IReadOnlyList<FieldError> Validate(StructuralSchema? schema, JsonElement value)
    {
        var errors = new FieldErrors();
        if (schema is not null)
            Check(errors, null, schema, value);
        return errors;
    }

    private static void Check(FieldErrors errors, FieldPath? path, StructuralSchema schema, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var field in value.EnumerateObject())
                {
                    if (schema.Properties.TryGetValue(field.Name, out var property))
                        Check(errors, path?.Child(field.Name) ?? FieldPath.Of(field.Name), property, field.Value);
                    else if (schema.AdditionalProperties is { } values)
                        Check(errors, path?.Key(field.Name) ?? FieldPath.Of($"[{field.Name}]"), values, field.Value);
                }
                break;
            case JsonValueKind.Array when path is not null:
                if (schema.ListType == "set")
                    Distinct(errors, path, [.. value.EnumerateArray()]);
                else if (schema.ListType == "map")
                    DistinctKeys(errors, path, schema, value);
                var index = 0;
                foreach (var item in value.EnumerateArray())
                {
                    if (schema.Items is { } each)
                        Check(errors, path.Index(index), each, item);
                    index++;
                }
                break;
        }
    }

    private static void Distinct(FieldErrors errors, FieldPath path, IReadOnlyList<JsonElement> items)
    {
        // Told once for each value, where it comes the second time.
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            var text = GoText.Render(items[i]);
            seen[text] = seen.GetValueOrDefault(text) + 1;
            if (seen[text] == 2)
                errors.DuplicateRendered(path.Index(i), text);
        }
    }

    private static void DistinctKeys(FieldErrors errors, FieldPath path, StructuralSchema schema, JsonElement list)
    {
        var keys = new List<JsonElement>();
        var index = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
            {
                errors.Invalid(path.Index(index), item, "must be an object for an array of list-type map");
                return;
            }
            var key = new JsonObject();
            foreach (var name in schema.ListMapKeys)
                if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value))
                    key[name] = value.ToNode();
            keys.Add(key.ToElement());
            index++;
        }
        Distinct(errors, path, keys);
    }
}
