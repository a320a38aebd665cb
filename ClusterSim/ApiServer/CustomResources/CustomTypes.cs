using ClusterSim.Schema;

namespace ClusterSim.CustomResources;

/// <summary>Schemas as the types that server-side apply and managed fields work with: who owns what in which lists and maps.</summary>
internal static class CustomTypes
{
    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    // What no schema tells of: its objects have owners inside, its lists do not.
    private static readonly FieldType Unknown = new(FieldKind.Raw) { GoName = "interface {}", Ownership = Ownership.Granular };

    /// <summary>The type of <c>ObjectMeta</c>.</summary>
    public static FieldType Metadata(TypeSchema types) => types.Definition(Meta);

    /// <summary>The type that bodies are read by: metadata has a Go type, all else is as it is.</summary>
    public static FieldType Envelope(FieldType metadata) => new(
        FieldKind.Object,
        () => new ObjectShape("Unstructured", [new Field { Name = "metadata", Type = metadata }]))
    {
        GoName = "unstructured.Unstructured",
        KeepsUnknown = true,
    };

    /// <summary>The type of a custom kind.</summary>
    public static ObjectType Of(GroupVersionKind kind, StructuralSchema? schema, TypeSchema types)
    {
        var metadata = Metadata(types);
        var shape = new ObjectShape(kind.Kind, Fields(schema ?? StructuralSchema.Empty, metadata, isResource: true));
        return new ObjectType(kind, new FieldType(FieldKind.Object, () => shape)
        {
            GoName = kind.Kind,
            Ownership = Ownership.Granular,
            KeepsUnknown = schema is null || schema.PreservesUnknown,
        });
    }

    private static IEnumerable<Field> Fields(StructuralSchema schema, FieldType metadata, bool isResource)
    {
        if (isResource)
        {
            yield return new Field { Name = "apiVersion", Type = new FieldType(FieldKind.String) { GoName = "string" } };
            yield return new Field { Name = "kind", Type = new FieldType(FieldKind.String) { GoName = "string" } };
            yield return new Field { Name = "metadata", Type = metadata };
        }
        foreach (var name in schema.PropertyNames)
            if (!isResource || name is not ("apiVersion" or "kind" or "metadata"))
                yield return new Field
                {
                    Name = name,
                    Type = TypeOf(schema.Properties[name], metadata),
                    IsPointer = true,
                    Default = schema.Properties[name].Default.Exists() ? schema.Properties[name].Default.ToNode() : null,
                };
    }

    private static FieldType TypeOf(StructuralSchema schema, FieldType metadata)
    {
        if (schema.IsIntOrString)
            return new FieldType(FieldKind.IntOrString) { GoName = "intstr.IntOrString", Ownership = Ownership.Atomic };
        var map = schema.MapType == "atomic" ? Ownership.Atomic : Ownership.Granular;
        switch (schema.Type)
        {
            case "object" when schema.Properties.Count > 0 || schema.IsEmbeddedResource || (!schema.PreservesUnknown && schema.AllowsAdditional is null):
                return new FieldType(FieldKind.Object, () => new ObjectShape("", Fields(schema, metadata, schema.IsEmbeddedResource)))
                {
                    GoName = "map[string]interface {}",
                    Ownership = map,
                    KeepsUnknown = schema.PreservesUnknown || schema.AllowsAdditional == true,
                };
            case "object" when schema.AdditionalProperties is { } values:
                return new FieldType(FieldKind.Map) { GoName = "map[string]interface {}", Item = TypeOf(values, metadata), Ownership = map };
            case "array" when schema.Items is { } items:
                return new FieldType(FieldKind.Array)
                {
                    GoName = "[]interface {}",
                    Item = TypeOf(items, metadata),
                    Ownership = schema.ListType switch { "map" => Ownership.Keyed, "set" => Ownership.Set, _ => Ownership.Atomic },
                    Keys = schema.ListMapKeys,
                };
            case "string":
                return new FieldType(FieldKind.String) { GoName = "string" };
            case "integer":
                return new FieldType(FieldKind.Int64) { GoName = "int64" };
            case "number":
                return new FieldType(FieldKind.Number) { GoName = "float64" };
            case "boolean":
                return new FieldType(FieldKind.Boolean) { GoName = "bool" };
            default:
                return schema.MapType == "atomic" ? new FieldType(FieldKind.Raw) { GoName = "interface {}", Ownership = Ownership.Atomic } : Unknown;
        }
    }
}
