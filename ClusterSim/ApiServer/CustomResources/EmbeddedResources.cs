using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Schema;
using ClusterSim.Validation;

namespace ClusterSim.CustomResources;

/// <summary>Whole objects inside of custom resources (<c>x-kubernetes-embedded-resource</c>): their metadata is decoded and checked as any object's (<c>apiserver/schema/objectmeta</c>).</summary>
internal static class EmbeddedResources
{
    /// <summary>Decodes the metadata of what is embedded below an object, in place.</summary>
    /// <param name="value">The object.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="metadata">The type of <c>ObjectMeta</c>.</param>
    /// <param name="dropped">Where the paths of unknown metadata fields are told; null where nobody asks.</param>
    /// <exception cref="DecodeException">Kind or version are no strings, or the metadata is malformed.</exception>
    public static void Coerce(JsonNode? value, StructuralSchema? schema, FieldType metadata, List<string>? dropped) => Coerce(value, schema, metadata, "", dropped);

    private static void Coerce(JsonNode? value, StructuralSchema? schema, FieldType metadata, string path, List<string>? dropped)
    {
        if (schema is null)
            return;
        switch (value)
        {
            case JsonObject fields:
                if (schema.IsEmbeddedResource)
                    CoerceOne(fields, metadata, path, dropped);
                foreach (var (name, field) in fields.ToList())
                    if (!(schema.IsEmbeddedResource && name == "metadata"))
                        Coerce(field, schema.Of(name), metadata, path.Length == 0 ? name : $"{path}.{name}", dropped);
                break;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                    Coerce(items[i], schema.Items, metadata, $"{path}[{i}]", dropped);
                break;
        }
    }

    private static void CoerceOne(JsonObject embedded, FieldType metadata, string path, List<string>? dropped)
    {
        foreach (var name in (ReadOnlySpan<string>)["apiVersion", "kind"])
            if (embedded.TryGetPropertyValue(name, out var text) && text?.GetValueKind() != JsonValueKind.String)
                throw new DecodeException($"{path}.{name}: Invalid value: {text?.ToJsonString() ?? "null"}: must be a string");
        if (embedded["metadata"] is not { } meta)
            return;
        if (meta is not JsonObject)
            throw new DecodeException($"{path}.metadata: Invalid value: {meta.ToJsonString()}: cannot restore metadata from a {JsonText.Told(meta.GetValueKind())}, an object is wanted");
        var strict = dropped is null ? null : new List<string>();
        try
        {
            embedded["metadata"] = new ObjectReader(meta.ToUtf8(), strict).Read(metadata);
        }
        catch (DecodeException malformed)
        {
            throw new DecodeException($"{path}.metadata: Invalid value: {meta.ToJsonString()}: {malformed.Message}");
        }
        foreach (var told in strict ?? [])
            if (told.StartsWith("unknown field \"", StringComparison.Ordinal))
                dropped!.Add($"{path}.metadata.{told["unknown field \"".Length..^1]}");
    }

    /// <summary>What is wrong with the objects embedded below a value.</summary>
    public static IReadOnlyList<FieldError> Validate(StructuralSchema? schema, JsonElement value)
    {
        var errors = new FieldErrors();
        Check(errors, null, schema, value);
        return errors;
    }

    /// <summary>What is wrong with a value that stands at <paramref name="path"/>.</summary>
    public static void Check(FieldErrors errors, FieldPath? path, StructuralSchema? schema, JsonElement value)
    {
        if (schema is null)
            return;
        if (value.ValueKind == JsonValueKind.Object)
        {
            if (schema.IsEmbeddedResource)
                CheckOne(errors, path, value);
            foreach (var field in value.EnumerateObject())
            {
                if (schema.Properties.TryGetValue(field.Name, out var property))
                    Check(errors, Child(path, field.Name), property, field.Value);
                else if (schema.AdditionalProperties is { } values)
                    Check(errors, path?.Key(field.Name) ?? FieldPath.Of($"[{field.Name}]"), values, field.Value);
            }
        }
        else if (value.ValueKind == JsonValueKind.Array && path is not null)
        {
            var index = 0;
            foreach (var item in value.EnumerateArray())
                Check(errors, path.Index(index++), schema.Items, item);
        }
    }

    private static void CheckOne(FieldErrors errors, FieldPath? path, JsonElement value)
    {
        foreach (var name in (ReadOnlySpan<string>)["apiVersion", "kind"])
            if (!value.TryGetProperty(name, out _))
                errors.Required(Child(path, name));
        if (value.TryGetProperty("apiVersion", out var version))
        {
            if (version.Text() is not { } text)
                errors.Invalid(Child(path, "apiVersion"), version, "must be a string");
            else if (text.Length == 0)
                errors.Invalid(Child(path, "apiVersion"), text, "must not be empty");
            else if (text.AsSpan().Count('/') > 1)
                errors.Invalid(Child(path, "apiVersion"), text, $"unexpected GroupVersion string: {text}");
        }
        if (value.TryGetProperty("kind", out var kind))
        {
            if (kind.Text() is not { } text)
                errors.Invalid(Child(path, "kind"), kind, "must be a string");
            else if (text.Length == 0)
                errors.Invalid(Child(path, "kind"), text, "must not be empty");
            else if (NameRules.Dns1035Label(text.ToLowerInvariant()) is { Count: > 0 } wrong)
                errors.Invalid(Child(path, "kind"), text, "may have mixed case, but should otherwise match: " + string.Join(',', wrong));
        }
        if (value.At("metadata") is { ValueKind: JsonValueKind.Object } metadata)
        {
            var named = metadata.ToObject();
            if (string.IsNullOrEmpty(named.Text("name")))
                named["name"] = "fakename";
            foreach (var error in ObjectMetaValidation.ValidateCreate(named.ToElement(), !string.IsNullOrEmpty(named.Text("namespace")), NameRules.PathSegment, checksFinalizers: false))
                errors.AddRange([error with { Field = path is null ? error.Field : $"{path}.{error.Field}" }]);
        }
    }

    private static FieldPath Child(FieldPath? path, string name) => path?.Child(name) ?? FieldPath.Of(name);
}
