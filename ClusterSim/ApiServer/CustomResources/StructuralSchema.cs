using System.Collections.Immutable;
using System.Text.Json;

namespace ClusterSim.CustomResources;

/// <summary>
/// A node of a custom resource's schema (<c>JSONSchemaProps</c> of apiextensions.k8s.io/v1, as <c>Structural</c> reads it): types, values' rules and the
/// <c>x-kubernetes-</c> extensions. Immutable.
/// </summary>
internal sealed class StructuralSchema
{
    private static readonly ImmutableDictionary<string, StructuralSchema> NoProperties = ImmutableDictionary.Create<string, StructuralSchema>(StringComparer.Ordinal);

    private readonly Lazy<GoRegex>? _regex;

    private StructuralSchema(JsonElement source)
    {
        Source = source;
        Type = source.At("type").Text("");
        Nullable = source.At("nullable").Flag(false);
        Default = source.At("default");
        var properties = source.At("properties");
        PropertyNames = [.. properties.Fields().Select(field => field.Name)];
        Properties = properties.Count() == 0
            ? NoProperties
            : properties.Fields().ToImmutableDictionary(field => field.Name, field => Read(field.Value) ?? Empty, StringComparer.Ordinal);
        var additional = source.At("additionalProperties");
        AdditionalProperties = Read(additional);
        AllowsAdditional = additional.ValueKind == JsonValueKind.Object ? true : additional.Flag();
        Items = Read(source.At("items"));
        AllOf = Schemas(source.At("allOf"));
        AnyOf = Schemas(source.At("anyOf"));
        OneOf = Schemas(source.At("oneOf"));
        Not = Read(source.At("not"));
        Required = Texts(source.At("required"));
        Enum = source.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array ? [.. values.EnumerateArray()] : [];
        PreservesUnknown = source.At("x-kubernetes-preserve-unknown-fields").Flag(false);
        IsEmbeddedResource = source.At("x-kubernetes-embedded-resource").Flag(false);
        IsIntOrString = source.At("x-kubernetes-int-or-string").Flag(false);
        ListType = source.At("x-kubernetes-list-type").Text();
        ListMapKeys = Texts(source.At("x-kubernetes-list-map-keys"));
        MapType = source.At("x-kubernetes-map-type").Text();
        Format = SchemaFormats.Effective(Types, source.At("format").Text(""));
        Pattern = source.At("pattern").Text("");
        _regex = Pattern.Length > 0 ? new Lazy<GoRegex>(() => new GoRegex(Pattern)) : null;
        Maximum = Number("maximum");
        Minimum = Number("minimum");
        MultipleOf = Number("multipleOf");
        MaxLength = source.At("maxLength").Integer();
        MinLength = source.At("minLength").Integer();
        MaxItems = source.At("maxItems").Integer();
        MinItems = source.At("minItems").Integer();
        MaxProperties = source.At("maxProperties").Integer();
        MinProperties = source.At("minProperties").Integer();
        ExclusiveMaximum = source.At("exclusiveMaximum").Flag(false);
        ExclusiveMinimum = source.At("exclusiveMinimum").Flag(false);

        double? Number(string name) => source.At(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null;
    }

    /// <summary>A schema that says nothing.</summary>
    public static StructuralSchema Empty { get; } = new(JsonElement.Parse("{}"));

    /// <summary>The schema as it was written.</summary>
    public JsonElement Source { get; }

    /// <summary><c>object</c>, <c>array</c>, <c>string</c>, <c>integer</c>, <c>number</c>, <c>boolean</c>; empty for none.</summary>
    public string Type { get; }

    /// <summary>The types a value may have; none where any will do.</summary>
    public IReadOnlyList<string> Types => IsIntOrString ? IntOrString : Type.Length == 0 ? [] : [Type];

    /// <summary>Whether null is a value.</summary>
    public bool Nullable { get; }

    /// <summary>The default; default where there is none.</summary>
    public JsonElement Default { get; }

    /// <summary>The named fields, in the order they were written in.</summary>
    public IReadOnlyList<string> PropertyNames { get; }

    /// <summary>The named fields' schemas.</summary>
    public IReadOnlyDictionary<string, StructuralSchema> Properties { get; }

    /// <summary>The schema of values under other keys; null where there is none.</summary>
    public StructuralSchema? AdditionalProperties { get; }

    /// <summary>Whether other keys are allowed; null where nothing is said of them.</summary>
    public bool? AllowsAdditional { get; }

    /// <summary>The schema of an array's items.</summary>
    public StructuralSchema? Items { get; }

    /// <summary>All of these must hold.</summary>
    public IReadOnlyList<StructuralSchema> AllOf { get; }

    /// <summary>One of these must hold.</summary>
    public IReadOnlyList<StructuralSchema> AnyOf { get; }

    /// <summary>Exactly one of these must hold.</summary>
    public IReadOnlyList<StructuralSchema> OneOf { get; }

    /// <summary>This must not hold.</summary>
    public StructuralSchema? Not { get; }

    /// <summary>The fields that must be there.</summary>
    public IReadOnlyList<string> Required { get; }

    /// <summary>The values there are; empty for any.</summary>
    public IReadOnlyList<JsonElement> Enum { get; }

    /// <summary><c>x-kubernetes-preserve-unknown-fields</c>.</summary>
    public bool PreservesUnknown { get; }

    /// <summary><c>x-kubernetes-embedded-resource</c>.</summary>
    public bool IsEmbeddedResource { get; }

    /// <summary><c>x-kubernetes-int-or-string</c>.</summary>
    public bool IsIntOrString { get; }

    /// <summary><c>x-kubernetes-list-type</c>: <c>atomic</c>, <c>set</c>, <c>map</c>; null for none.</summary>
    public string? ListType { get; }

    /// <summary><c>x-kubernetes-list-map-keys</c>.</summary>
    public IReadOnlyList<string> ListMapKeys { get; }

    /// <summary><c>x-kubernetes-map-type</c>: <c>atomic</c>, <c>granular</c>; null for none.</summary>
    public string? MapType { get; }

    /// <summary>The format strings must have; empty for none, and for one that Kubernetes does not know.</summary>
    public string Format { get; }

    /// <summary>What strings must match; empty for none.</summary>
    public string Pattern { get; }

    /// <summary>The compiled <see cref="Pattern"/>; null where it is empty.</summary>
    public GoRegex? Regex => _regex?.Value;

    /// <summary>The upper bound of a number.</summary>
    public double? Maximum { get; }

    /// <summary>The lower bound of a number.</summary>
    public double? Minimum { get; }

    /// <summary>What a number must be a multiple of.</summary>
    public double? MultipleOf { get; }

    /// <summary>The most characters of a string.</summary>
    public long? MaxLength { get; }

    /// <summary>The least characters of a string.</summary>
    public long? MinLength { get; }

    /// <summary>The most items of an array.</summary>
    public long? MaxItems { get; }

    /// <summary>The least items of an array.</summary>
    public long? MinItems { get; }

    /// <summary>The most fields of an object.</summary>
    public long? MaxProperties { get; }

    /// <summary>The least fields of an object.</summary>
    public long? MinProperties { get; }

    /// <summary>Whether a number must be below <see cref="Maximum"/>.</summary>
    public bool ExclusiveMaximum { get; }

    /// <summary>Whether a number must be above <see cref="Minimum"/>.</summary>
    public bool ExclusiveMinimum { get; }

    private static IReadOnlyList<string> IntOrString { get; } = ["integer", "string"];

    /// <summary>Reads a schema; null where this is no object.</summary>
    public static StructuralSchema? Read(JsonElement source) => source.ValueKind == JsonValueKind.Object ? new StructuralSchema(source) : null;

    /// <summary>The schema of the value under a key; null where none tells of it.</summary>
    public StructuralSchema? Of(string key) => Properties.TryGetValue(key, out var property) ? property : AdditionalProperties;

    /// <summary>This schema and all inside it.</summary>
    public IEnumerable<StructuralSchema> All()
    {
        yield return this;
        IEnumerable<StructuralSchema?> inner = [.. Properties.Values, AdditionalProperties, Items, .. AllOf, .. AnyOf, .. OneOf, Not];
        foreach (var schema in inner)
            if (schema is not null)
                foreach (var deeper in schema.All())
                    yield return deeper;
    }

    private static IReadOnlyList<StructuralSchema> Schemas(JsonElement list) => [.. list.Items().Select(item => Read(item) ?? Empty)];

    private static IReadOnlyList<string> Texts(JsonElement list) => [.. list.Items().Select(item => item.Text(""))];
}
