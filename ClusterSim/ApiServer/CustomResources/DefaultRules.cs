using System.Text.Json.Nodes;

namespace ClusterSim.CustomResources;

/// <summary>Defaults must be values of their own schemas, without fields that these do not name (<c>structuraldefaulting.ValidateDefaults</c>).</summary>
internal static class DefaultRules
{
    /// <summary>What is wrong with the defaults of a schema and those inside it.</summary>
    public static IReadOnlyList<FieldError> Validate(StructuralSchema schema, FieldPath path)
    {
        var errors = new FieldErrors();
        Check(errors, schema, path);
        return errors;
    }

    private static void Check(FieldErrors errors, StructuralSchema schema, FieldPath path)
    {
        if (schema.Default.Exists())
            CheckOne(errors, schema, path.Child("default"));
        if (schema.Items is { } items)
            Check(errors, items, path.Child("items"));
        foreach (var name in schema.PropertyNames)
            Check(errors, schema.Properties[name], path.Child("properties").Key(name));
    }

    private static void CheckOne(FieldErrors errors, StructuralSchema schema, FieldPath path)
    {
        var pruned = schema.Default.ToNode();
        Pruning.Prune(pruned, schema, schema.IsEmbeddedResource, dropped: null);
        if (!JsonNode.DeepEquals(pruned, schema.Default.ToNode()))
            errors.Invalid(path, schema.Default, "must not have unknown fields");
        var found = new FieldErrors();
        EmbeddedResources.Check(found, path, schema, schema.Default);
        errors.AddRange(found.Count > 0 ? found : SchemaValidator.Validate(schema, schema.Default, path, old: null));
    }
}
