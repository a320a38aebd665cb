using System.Text.Json;

namespace ClusterSim.CustomResources;

/// <summary>The rules of a definition's schema beside structure (<c>ValidateCustomResourceDefinitionOpenAPISchema</c>).</summary>
internal static class SchemaRules
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    /// <summary>Adds what is wrong with a schema and those inside it.</summary>
    public static void Check(FieldErrors errors, StructuralSchema schema, FieldPath path, string? forbidsDefaults = null, bool isRoot = true, bool insideMeta = false)
    {
        var source = schema.Source;
        if (schema.Type.Length > 0 && !Types.Contains(schema.Type, StringComparer.Ordinal))
            errors.NotSupported(path.Child("type"), schema.Type, Types);
        if (schema.Default.Exists() && forbidsDefaults is not null)
            errors.Forbidden(path.Child("default"), $"must not be set {forbidsDefaults}".TrimEnd());
        foreach (var (name, detail) in (ReadOnlySpan<(string, string)>)
            [
                ("id", "id is not supported"), ("additionalItems", "additionalItems is not supported"), ("patternProperties", "patternProperties is not supported"),
                ("definitions", "definitions is not supported"), ("dependencies", "dependencies is not supported"), ("$ref", "$ref is not supported"),
            ])
            if (source.At(name) is var unsupported && unsupported.Exists() && !(unsupported.ValueKind == JsonValueKind.Object && unsupported.Count() == 0 && name is "patternProperties" or "definitions"))
                errors.Forbidden(path.Child(name), detail);
        if (schema.Type == "null")
            errors.Forbidden(path.Child("type"), "type cannot be set to null, use nullable as an alternative");
        if (source.At("items").ValueKind == JsonValueKind.Array)
            errors.Forbidden(path.Child("items"), "items must be a schema object and not an array");
        if (insideMeta && schema.IsEmbeddedResource)
            errors.Forbidden(path.Child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta");
        if (source.At("uniqueItems").Flag(false))
            errors.Forbidden(path.Child("uniqueItems"), "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
        if (schema.AllowsAdditional is not null && schema.Properties.Count > 0 && (schema.AllowsAdditional == false || schema.AdditionalProperties is not null))
            errors.Forbidden(path.Child("additionalProperties"), "additionalProperties and properties are mutual exclusive");
        Inside(errors, schema, path, forbidsDefaults, isRoot, insideMeta);
        Extensions(errors, schema, path);
        Lists(errors, schema, path);
        Expressions(errors, schema, path);
    }

    private static void Inside(FieldErrors errors, StructuralSchema schema, FieldPath path, string? forbidsDefaults, bool isRoot, bool insideMeta)
    {
        if (schema.AdditionalProperties is { } values)
            Check(errors, values, path.Child("additionalProperties"), insideMeta ? "inside additionalProperties applying to object metadata" : forbidsDefaults, isRoot: false, insideMeta);
        foreach (var name in schema.PropertyNames)
        {
            var isMeta = (isRoot || schema.IsEmbeddedResource) && name is "metadata" or "kind" or "apiVersion";
            Check(errors, schema.Properties[name], path.Child("properties").Key(name), isMeta && isRoot ? $"in top-level {name}" : forbidsDefaults, isRoot: false, insideMeta || isMeta);
        }
        if (schema.Not is { } not)
            Check(errors, not, path.Child("not"), forbidsDefaults, isRoot: false, insideMeta);
        for (var i = 0; i < schema.AllOf.Count; i++)
            Check(errors, schema.AllOf[i], path.Child("allOf").Index(i), forbidsDefaults, isRoot: false, insideMeta);
        for (var i = 0; i < schema.OneOf.Count; i++)
            Check(errors, schema.OneOf[i], path.Child("oneOf").Index(i), forbidsDefaults, isRoot: false, insideMeta);
        for (var i = 0; i < schema.AnyOf.Count; i++)
            Check(errors, schema.AnyOf[i], path.Child("anyOf").Index(i), forbidsDefaults, isRoot: false, insideMeta);
        if (schema.Items is { } items)
            Check(errors, items, path.Child("items"), forbidsDefaults, isRoot: false, insideMeta);
    }

    private static void Extensions(FieldErrors errors, StructuralSchema schema, FieldPath path)
    {
        if (schema.Source.At("x-kubernetes-preserve-unknown-fields").Flag() == false)
            errors.Invalid(path.Child("x-kubernetes-preserve-unknown-fields"), false, "must be true or undefined");
        if (schema.MapType is { } map)
        {
            WantsType(errors, schema, path, "object", "x-kubernetes-map-type");
            if (map is not ("atomic" or "granular"))
                errors.NotSupported(path.Child("x-kubernetes-map-type"), map, "atomic", "granular");
        }
        if (schema.ListType is not { } list)
        {
            if (schema.ListMapKeys.Count > 0)
                errors.Required(path.Child("x-kubernetes-list-type"), "must be map if x-kubernetes-list-map-keys is non-empty");
            return;
        }
        if (schema.Type != "array")
            WantsType(errors, schema, path, "array", "x-kubernetes-list-type");
        else if (list == "set" && schema.Items is { Type: "array", ListType: not (null or "atomic") } inner)
            errors.Invalid(path.Child("items", "x-kubernetes-list-type"), inner.ListType, "must be atomic as item of a list with x-kubernetes-list-type=set");
        else if (list == "set" && schema.Items is { Type: "object", MapType: not "atomic" })
            errors.Invalid(path.Child("items", "x-kubernetes-map-type"), "null", "must be atomic as item of a list with x-kubernetes-list-type=set", rendered: true);
        if (list is not ("atomic" or "set" or "map"))
            errors.NotSupported(path.Child("x-kubernetes-list-type"), list, "atomic", "set", "map");
        if (schema.ListMapKeys.Count > 0 && list != "map")
            errors.Invalid(path.Child("x-kubernetes-list-type"), list, "must be map if x-kubernetes-list-map-keys is non-empty");
    }

    private static void WantsType(FieldErrors errors, StructuralSchema schema, FieldPath path, string type, string extension)
    {
        if (schema.Type == type)
            return;
        if (schema.Type.Length == 0)
            errors.Required(path.Child("type"), $"must be {type} if {extension} is specified");
        else
            errors.Invalid(path.Child("type"), schema.Type, $"must be {type} if {extension} is specified");
    }

    private static void Lists(FieldErrors errors, StructuralSchema schema, FieldPath path)
    {
        if (schema.ListType is not ("set" or "map"))
            return;
        var keys = path.Child("x-kubernetes-list-map-keys");
        if (schema.ListType == "map")
        {
            if (schema.ListMapKeys.Count == 0)
                errors.Required(keys, "must not be empty if x-kubernetes-list-type is map");
            if (schema.Items is null)
                errors.Required(path.Child("items"), "must have a schema if x-kubernetes-list-type is map");
            else if (schema.Items.Type != "object")
                errors.Invalid(path.Child("items", "type"), schema.Items.Type, "must be object if parent array's x-kubernetes-list-type is map");
            else
                Keys(errors, schema, schema.Items, path);
        }
        if (schema.Items is not { } items)
            return;
        if (items.Nullable)
            errors.Forbidden(path.Child("items", "nullable"), $"cannot be nullable when x-kubernetes-list-type is {schema.ListType}");
        if (schema.ListType != "map")
            return;
        foreach (var key in schema.ListMapKeys)
        {
            if (!items.Properties.TryGetValue(key, out var property))
                continue;
            if (!items.Required.Contains(key) && !property.Default.Exists())
                errors.Required(path.Child("items", "properties").Key(key).Child("default"), "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property");
            if (property.Nullable)
                errors.Forbidden(path.Child("items", "properties").Key(key).Child("nullable"), "this property is in x-kubernetes-list-map-keys, so it cannot be nullable");
        }
    }

    private static void Keys(FieldErrors errors, StructuralSchema list, StructuralSchema items, FieldPath path)
    {
        var keys = path.Child("x-kubernetes-list-map-keys");
        var source = list.Source.At("x-kubernetes-list-map-keys");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in list.ListMapKeys)
        {
            if (!items.Properties.TryGetValue(key, out var property))
                errors.Invalid(keys, source, "entries must all be names of item properties");
            else if (property.Type is "array" or "object")
                errors.Invalid(path.Child("items", "properties").Key(key).Child("type"), items.Type, "must be a scalar type if parent array's x-kubernetes-list-type is map");
            if (!seen.Add(key))
                errors.Invalid(keys, source, "must not contain duplicate entries");
        }
    }

    private static void Expressions(FieldErrors errors, StructuralSchema schema, FieldPath path)
    {
        var index = 0;
        foreach (var rule in schema.Source.At("x-kubernetes-validations").Items())
        {
            var at = path.Child("x-kubernetes-validations").Index(index++);
            var text = rule.At("rule").Text("").Trim();
            var message = rule.At("message").Text("");
            if (text.Length == 0)
                errors.Required(at.Child("rule"), "rule is not specified");
            else if (message.Length > 0 && message.Trim().Length == 0)
                errors.Invalid(at.Child("message"), message, "must be non-empty if specified");
            else if (message.Trim().Contains('\n', StringComparison.Ordinal))
                errors.Invalid(at.Child("message"), message, "must not contain line breaks");
            else if (text.Contains('\n', StringComparison.Ordinal) && message.Trim().Length == 0)
                errors.Required(at.Child("message"), "message must be specified if rule contains line breaks");
            if (rule.At("reason").Text() is { } reason && reason is not ("FieldValueRequired" or "FieldValueForbidden" or "FieldValueInvalid" or "FieldValueDuplicate"))
                errors.NotSupported(at.Child("reason"), reason, "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired");
        }
    }
}
