namespace ClusterSim.CustomResources;

/// <summary>What makes a schema structural: every value has a type, and rules speak only of what has a schema (<c>apiserver/schema/validation.go</c>).</summary>
internal static class StructuralRules
{
    private enum Level
    {
        Root,
        Item,
        Field,
    }

    /// <summary>What is wrong, in the order of the sentences.</summary>
    public static IReadOnlyList<FieldError> Validate(StructuralSchema schema, FieldPath path)
    {
        var errors = new FieldErrors();
        Invariants(errors, schema, Level.Root, path);
        Completeness(errors, schema, schema, path, path);
        return [.. errors.OrderBy(error => error.ToString(), StringComparer.Ordinal)];
    }

    private static void Invariants(FieldErrors errors, StructuralSchema schema, Level level, FieldPath path)
    {
        if (schema.Type == "array" && schema.Items is null)
            errors.Required(path.Child("items"), "must be specified");
        if (schema.Items is { } items)
            Invariants(errors, items, Level.Item, path.Child("items"));
        foreach (var name in schema.PropertyNames)
            Invariants(errors, schema.Properties[name], Level.Field, path.Child("properties").Key(name));
        if (schema.AllowsAdditional is not null)
        {
            if (level == Level.Root)
                errors.Forbidden(path.Child("additionalProperties"), "must not be used at the root");
            if (schema.AdditionalProperties is { } values)
                Invariants(errors, values, Level.Field, path.Child("additionalProperties"));
        }
        if (schema.IsIntOrString && schema.PreservesUnknown)
            errors.Invalid(path.Child("x-kubernetes-preserve-unknown-fields"), true, "must be false if x-kubernetes-int-or-string is true");
        if (schema.IsIntOrString && schema.IsEmbeddedResource)
            errors.Invalid(path.Child("x-kubernetes-embedded-resource"), true, "must be false if x-kubernetes-int-or-string is true");
        Values(errors, schema, IsIntegerOrString(schema.AnyOf), schema.AllOf.Count > 0 && IsIntegerOrString(schema.AllOf[0].AnyOf), path);
        Types(errors, schema, level, path);
        Meta(errors, schema, level, path);
    }

    private static void Types(FieldErrors errors, StructuralSchema schema, Level level, FieldPath path)
    {
        var type = path.Child("type");
        if (schema.IsEmbeddedResource && schema.Type != "object")
        {
            if (schema.Type.Length == 0)
                errors.Required(type, "must be object if x-kubernetes-embedded-resource is true");
            else
                errors.Invalid(type, schema.Type, "must be object if x-kubernetes-embedded-resource is true");
        }
        else if (schema.Type.Length == 0 && !schema.IsIntOrString && !schema.PreservesUnknown)
        {
            errors.Required(type, level switch
            {
                Level.Root => "must not be empty at the root",
                Level.Item => "must not be empty for specified array items",
                _ => "must not be empty for specified object fields",
            });
        }
        if (schema.IsEmbeddedResource && schema.AllowsAdditional is not null)
            errors.Forbidden(path.Child("additionalProperties"), "must not be used if x-kubernetes-embedded-resource is set");
        if (level == Level.Root && schema.Type.Length > 0 && schema.Type != "object")
            errors.Invalid(type, schema.Type, "must be object at the root");
    }

    private static void Meta(FieldErrors errors, StructuralSchema schema, Level level, FieldPath path)
    {
        var isResource = level == Level.Root || schema.IsEmbeddedResource;
        var properties = path.Child("properties");
        foreach (var name in (ReadOnlySpan<string>)["kind", "apiVersion"])
            if (isResource && schema.Properties.TryGetValue(name, out var text) && text.Type != "string")
                errors.Invalid(properties.Key(name).Child("type"), text.Type, "must be string");
        if (schema.Properties.TryGetValue("metadata", out var metadata))
        {
            if (isResource && metadata.Type != "object")
                errors.Invalid(properties.Key("metadata").Child("type"), metadata.Type, "must be object");
            if (level == Level.Root && !SaysOnlyNames(metadata))
                errors.Forbidden(properties.Key("metadata"), "must not specify anything other than name and generateName, but metadata is implicitly specified");
        }
        if (schema.IsEmbeddedResource && !schema.PreservesUnknown && schema.Properties.Count == 0)
            errors.Required(properties, "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields");
    }

    private static bool SaysOnlyNames(StructuralSchema metadata) =>
        metadata.Source.Fields().All(field => field.Name switch
        {
            "type" or "default" => true,
            "properties" => metadata.PropertyNames.All(name => name is "name" or "generateName"),
            _ => !field.Value.Exists(),
        });

    private static bool IsIntegerOrString(IReadOnlyList<StructuralSchema> anyOf) =>
        anyOf.Count == 2 && Only(anyOf[0], "integer") && Only(anyOf[1], "string");

    private static bool Only(StructuralSchema schema, string type) => schema.Type == type && schema.Source.Count() == 1;

    private static void Values(FieldErrors errors, StructuralSchema schema, bool skipsAnyOf, bool skipsFirstAllOf, FieldPath path)
    {
        for (var i = 0; i < schema.AnyOf.Count && !skipsAnyOf; i++)
            Nested(errors, schema.AnyOf[i], skipsAnyOf: false, path.Child("anyOf").Index(i));
        for (var i = 0; i < schema.AllOf.Count; i++)
            Nested(errors, schema.AllOf[i], skipsFirstAllOf && i == 0, path.Child("allOf").Index(i));
        for (var i = 0; i < schema.OneOf.Count; i++)
            Nested(errors, schema.OneOf[i], skipsAnyOf: false, path.Child("oneOf").Index(i));
        if (schema.Not is { } not)
            Nested(errors, not, skipsAnyOf: false, path.Child("not"));
        if (schema.Regex is { Complaint: { } complaint })
            errors.Invalid(path.Child("pattern"), schema.Pattern, $"must be a valid regular expression, but isn't: {complaint}");
    }

    private static void Nested(FieldErrors errors, StructuralSchema schema, bool skipsAnyOf, FieldPath path)
    {
        Values(errors, schema, skipsAnyOf, skipsFirstAllOf: false, path);
        if (schema.Items is { } items)
            Nested(errors, items, skipsAnyOf: false, path.Child("items"));
        foreach (var name in schema.PropertyNames)
            Nested(errors, schema.Properties[name], skipsAnyOf: false, path.Child("properties").Key(name));
        Forbid(schema.Type.Length > 0, "type", "must be empty to be structural");
        Forbid(schema.AdditionalProperties is not null || schema.AllowsAdditional == true, "additionalProperties", "must be undefined to be structural");
        Forbid(schema.Default.Exists(), "default", "must be undefined to be structural");
        Forbid(schema.Source.At("title").Text("").Length > 0, "title", "must be empty to be structural");
        Forbid(schema.Source.At("description").Text("").Length > 0, "description", "must be empty to be structural");
        Forbid(schema.Nullable, "nullable", "must be false to be structural");
        Forbid(schema.PreservesUnknown, "x-kubernetes-preserve-unknown-fields", "must be false to be structural");
        Forbid(schema.IsEmbeddedResource, "x-kubernetes-embedded-resource", "must be false to be structural");
        Forbid(schema.IsIntOrString, "x-kubernetes-int-or-string", "must be false to be structural");
        Forbid(schema.ListMapKeys.Count > 0, "x-kubernetes-list-map-keys", "must be empty to be structural");
        Forbid(schema.ListType is not null, "x-kubernetes-list-type", "must be undefined to be structural");
        Forbid(schema.MapType is not null, "x-kubernetes-map-type", "must be undefined to be structural");
        Forbid(schema.Source.At("x-kubernetes-validations").Count() > 0, "x-kubernetes-validations", "must be empty to be structural");
        if (schema.Properties.ContainsKey("metadata"))
            errors.Forbidden(path.Child("properties").Key("metadata"), "must not be specified in a nested context");

        void Forbid(bool isThere, string name, string detail)
        {
            if (isThere)
                errors.Forbidden(path.Child(name), detail);
        }
    }

    // Rules may speak only of what the structure has.
    private static void Completeness(FieldErrors errors, StructuralSchema rules, StructuralSchema structure, FieldPath path, FieldPath rulesPath)
    {
        if (rules.Not is { } not)
            NestedCompleteness(errors, not, structure, path, rulesPath.Child("not"));
        for (var i = 0; i < rules.AllOf.Count; i++)
            NestedCompleteness(errors, rules.AllOf[i], structure, path, rulesPath.Child("allOf").Index(i));
        for (var i = 0; i < rules.AnyOf.Count; i++)
            NestedCompleteness(errors, rules.AnyOf[i], structure, path, rulesPath.Child("anyOf").Index(i));
        for (var i = 0; i < rules.OneOf.Count; i++)
            NestedCompleteness(errors, rules.OneOf[i], structure, path, rulesPath.Child("oneOf").Index(i));
    }

    private static void NestedCompleteness(FieldErrors errors, StructuralSchema rules, StructuralSchema? structure, FieldPath path, FieldPath rulesPath)
    {
        if (structure is null)
        {
            errors.Required(path, $"because it is defined in {rulesPath}");
            return;
        }
        Completeness(errors, rules, structure, path, rulesPath);
        if (rules.Items is { } items)
            NestedCompleteness(errors, items, structure.Items, path.Child("items"), rulesPath.Child("items"));
        foreach (var name in rules.PropertyNames)
        {
            var below = rulesPath.Child("properties").Key(name);
            if (structure.Properties.TryGetValue(name, out var property))
                NestedCompleteness(errors, rules.Properties[name], property, path.Child("properties").Key(name), below);
            else
                errors.Required(path.Child("properties").Key(name), $"because it is defined in {below}");
        }
    }
}
