using System.Text.Json;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>The OpenAPI schema of a node, as far as merging needs it.</summary>
/// <param name="definitions">The definitions that references lead to.</param>
/// <param name="schema">The schema.</param>
internal sealed class ResourceSchema(JsonElement definitions, JsonElement schema)
{
    private const string ReferencePrefix = "#/definitions/";

    /// <summary>The schema of a field; null where none is known.</summary>
    public ResourceSchema? Field(string name)
    {
        var field = schema.At("properties").At(name);
        return Resolve(field.Exists() ? field : schema.At("additionalProperties"));
    }

    /// <summary>The schema of the elements of an array; null where none is known.</summary>
    public ResourceSchema? Elements() => schema.At("type").Text() == "array" ? Resolve(schema.At("items")) : null;

    /// <summary>Whether lists are merged by elements instead of being replaced.</summary>
    public bool Merges => Strategy.Split(',').Contains("merge", StringComparer.Ordinal);

    /// <summary>The fields that identify an element of a list that is merged; empty for lists of scalars (<c>PatchStrategyAndKeyList</c>).</summary>
    public IReadOnlyList<string> MergeKeys
    {
        get
        {
            if (Strategy.Length == 0)
                return [];
            var keys = schema.At("x-kubernetes-list-map-keys").Items().Select(key => key.Text("")).ToList();
            if (keys.Count > 0)
                return keys;
            return schema.At("x-kubernetes-patch-merge-key").Text() is { } key ? [key] : [];
        }
    }

    private string Strategy => schema.At("x-kubernetes-patch-strategy").Text("");

    private ResourceSchema? Resolve(JsonElement found)
    {
        if (found.ValueKind != JsonValueKind.Object)
            return null;
        for (var hops = 0; hops < 50 && found.At("$ref").Text() is { } reference && reference.StartsWith(ReferencePrefix, StringComparison.Ordinal); hops++)
        {
            found = definitions.At(reference[ReferencePrefix.Length..]);
            if (!found.Exists())
                return null;
        }
        return new ResourceSchema(definitions, found);
    }
}
