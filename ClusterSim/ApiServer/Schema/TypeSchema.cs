using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Schema.Protobuf;

namespace ClusterSim.Schema;

/// <summary>
/// The types of every built-in kind: what <c>/openapi/v2</c> of a real cluster tells (<c>definitions.json</c>), joined with how Go declares each field
/// (<c>go-fields.json</c>, see eng/update-go-fields.py). Types are built at first need and shared; reading is thread-safe.
/// </summary>
internal sealed class TypeSchema
{
    private const string Meta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
    private const string Extensions = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";

    private static readonly ImmutableDictionary<string, FieldKind> Special = ImmutableDictionary.CreateRange(StringComparer.Ordinal,
    [
        KeyValuePair.Create("io.k8s.apimachinery.pkg.api.resource.Quantity", FieldKind.Quantity),
        KeyValuePair.Create("io.k8s.apimachinery.pkg.util.intstr.IntOrString", FieldKind.IntOrString),
        KeyValuePair.Create("io.k8s.apimachinery.pkg.runtime.RawExtension", FieldKind.Raw),
        KeyValuePair.Create(Meta + "Time", FieldKind.Time),
        KeyValuePair.Create(Meta + "MicroTime", FieldKind.MicroTime),
        KeyValuePair.Create(Meta + "FieldsV1", FieldKind.Raw),
        KeyValuePair.Create(Extensions + "JSON", FieldKind.Raw),
        KeyValuePair.Create(Extensions + "JSONSchemaPropsOrBool", FieldKind.Raw),
        KeyValuePair.Create(Extensions + "JSONSchemaPropsOrArray", FieldKind.Raw),
        KeyValuePair.Create(Extensions + "JSONSchemaPropsOrStringArray", FieldKind.Raw),
    ]);

    private static readonly ImmutableHashSet<string> MetaKinds = ImmutableHashSet.Create(
        StringComparer.Ordinal,
        "CreateOptions", "DeleteOptions", "GetOptions", "ListOptions", "PatchOptions", "UpdateOptions", "WatchEvent", "Status",
        "APIVersions", "APIGroup", "APIGroupList", "APIResourceList", "PartialObjectMetadata", "PartialObjectMetadataList");

    private readonly JsonElement _definitions;
    private readonly FrozenDictionary<string, JsonElement> _goFields;
    private readonly Dictionary<GroupVersionKind, string> _byKind = [];
    private readonly ConcurrentDictionary<string, Lazy<ObjectShape>> _shapes = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<GroupVersionKind, ObjectType?> _types = new();
    private readonly ConcurrentDictionary<string, ProtobufMessage?> _messages = new(StringComparer.Ordinal);

    private TypeSchema(JsonElement definitions, JsonElement goFields)
    {
        _definitions = definitions;
        _goFields = goFields.EnumerateObject().ToFrozenDictionary(type => type.Name, type => type.Value, StringComparer.Ordinal);
        foreach (var definition in definitions.EnumerateObject())
            foreach (var kind in definition.Value.At("x-kubernetes-group-version-kind").Items())
                _byKind[new(kind.At("group").Text(""), kind.At("version").Text(""), kind.At("kind").Text(""))] = definition.Name;
    }

    /// <summary>The embedded schema. Costs a few milliseconds; call it once a cluster.</summary>
    public static TypeSchema Load()
    {
        return new TypeSchema(Read("definitions.json.gz").At("definitions"), Read("go-fields.json.gz"));

        static JsonElement Read(string name)
        {
            using var stream = typeof(TypeSchema).Assembly.GetManifestResourceStream(name)
                ?? throw new InvalidOperationException($"the resource {name} is missing from ClusterSim's assembly");
            using var unzipped = new GZipStream(stream, CompressionMode.Decompress);
            using var buffer = new MemoryStream(256 * 1024);
            unzipped.CopyTo(buffer);
            return JsonElement.Parse(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        }
    }

    /// <summary>All definitions by their full names, as OpenAPI v2 has them, without prose.</summary>
    public JsonElement Definitions => _definitions;

    /// <summary>The full name of a kind's definition; null where none is built in.</summary>
    public string? NameOf(GroupVersionKind kind) => _byKind.GetValueOrDefault(kind);

    /// <summary>
    /// The full name of the message of a kind in protobuf: of a built-in kind, of one that Go's scheme has and no server serves
    /// (<c>apps/v1beta1</c>), or of options, which are registered in every group and version (<c>metav1.AddToGroupVersion</c>); null for none.
    /// </summary>
    public string? MessageOf(GroupVersionKind kind) =>
        NameOf(kind)
        ?? _goFields["$kinds"].At($"{kind.GroupVersion} {kind.Kind}").Text()
        ?? (MetaKinds.Contains(kind.Kind) ? Meta + kind.Kind : null);

    /// <summary>A message of the protobuf form by its full name; null for none.</summary>
    public ProtobufMessage? Message(string name) => _messages.GetOrAdd(name, name =>
    {
        var declared = _goFields.GetValueOrDefault(name);
        return ProtobufFields.Default.Find(name) is { } fields ? new ProtobufMessage(name, fields, field => GoDeclaration.Parse(declared.At(field).Text())) : null;
    });

    /// <summary>The type of a kind; null where none is built in.</summary>
    public ObjectType? Find(GroupVersionKind kind)
    {
        if (_types.TryGetValue(kind, out var known))
            return known;
        if (!_byKind.TryGetValue(kind, out var definition))
            return null;
        return _types.GetOrAdd(kind, new ObjectType(kind, Struct(definition, "v1." + kind.Kind, Ownership.Granular)));
    }

    /// <summary>The type of a definition by its full name, such as <c>io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta</c>.</summary>
    /// <exception cref="KeyNotFoundException">There is none: a mistake in this program.</exception>
    public FieldType Definition(string name) =>
        _definitions.TryGetProperty(name, out _)
            ? Struct(name, GoNameOf(name), Ownership.Granular)
            : throw new KeyNotFoundException($"no definition {name} in the schema");

    private FieldType Struct(string definition, string goName, Ownership ownership) =>
        new(FieldKind.Object, _shapes.GetOrAdd(definition, name => new Lazy<ObjectShape>(() => ReadShape(name))))
        {
            GoName = goName,
            Ownership = _definitions.GetProperty(definition).At("x-kubernetes-map-type").Text() == "atomic" ? Ownership.Atomic : ownership,
        };

    private ObjectShape ReadShape(string definition)
    {
        var schema = _definitions.GetProperty(definition);
        var goFields = _goFields.GetValueOrDefault(definition);
        return new ObjectShape(
            definition[(definition.LastIndexOf('.') + 1)..],
            schema.At("properties").Fields().Select(field => ReadField(field.Name, field.Value, GoDeclaration.Parse(goFields.At(field.Name).Text()))));
    }

    private Field ReadField(string name, JsonElement property, GoDeclaration go)
    {
        var type = ReadType(property, go.Type);
        var strategy = property.At("x-kubernetes-patch-strategy").Text("");
        // Go's omitempty leaves structs alone: a struct that is no pointer is always written.
        var isStruct = type.Kind is FieldKind.Object or FieldKind.Time or FieldKind.MicroTime or FieldKind.IntOrString or FieldKind.Quantity
            || (type.Kind == FieldKind.Raw && !go.Type.EndsWith("FieldsV1", StringComparison.Ordinal));
        var written = !go.OmitsZero && (!go.OmitsEmpty || (isStruct && !go.IsPointer));
        return new Field
        {
            Name = name,
            Type = type,
            IsPointer = go.IsPointer,
            Zero = written ? ZeroRule.Written : ZeroRule.Omitted,
            MergeKey = property.At("x-kubernetes-patch-merge-key").Text(),
            Merges = strategy.Contains("merge", StringComparison.Ordinal),
            Replaces = strategy.Contains("replace", StringComparison.Ordinal),
            Default = go.Default is null ? null : JsonNode.Parse(go.Default),
        };
    }

    private FieldType ReadType(JsonElement property, string goType)
    {
        var mapType = property.At("x-kubernetes-map-type").Text() == "atomic" ? Ownership.Atomic : Ownership.Granular;
        var shown = goType.Split('=')[0];
        if (property.At("$ref").Text() is { } reference)
        {
            var definition = reference["#/definitions/".Length..];
            if (Special.TryGetValue(definition, out var special))
                return new FieldType(special) { GoName = shown, Ownership = Ownership.Atomic };
            return _definitions.GetProperty(definition).At("properties").Exists()
                ? Struct(definition, shown, mapType)
                : Scalar(_definitions.GetProperty(definition), shown);
        }
        var below = goType[(goType.IndexOf('=', StringComparison.Ordinal) + 1)..];
        if (property.At("items").Exists())
        {
            return new FieldType(FieldKind.Array)
            {
                GoName = shown,
                Item = ReadType(property.At("items"), below.StartsWith("[]", StringComparison.Ordinal) ? below[2..].TrimStart('*') : below),
                Ownership = property.At("x-kubernetes-list-type").Text() switch
                {
                    "map" => Ownership.Keyed,
                    "set" => Ownership.Set,
                    _ => Ownership.Atomic,
                },
                Keys = [.. property.At("x-kubernetes-list-map-keys").Items().Select(key => key.Text(""))],
            };
        }
        if (property.At("additionalProperties") is { ValueKind: JsonValueKind.Object } values)
        {
            return new FieldType(FieldKind.Map)
            {
                GoName = shown,
                Item = ReadType(values, below.StartsWith("map[", StringComparison.Ordinal) ? below[(below.IndexOf(']', StringComparison.Ordinal) + 1)..].TrimStart('*') : below),
                Ownership = mapType,
            };
        }
        return Scalar(property, shown);
    }

    private static FieldType Scalar(JsonElement property, string goName) => new(
        (property.At("type").Text(), property.At("format").Text()) switch
        {
            ("integer", "int64") => FieldKind.Int64,
            ("integer", _) => FieldKind.Int32,
            ("number", _) => FieldKind.Number,
            ("boolean", _) => FieldKind.Boolean,
            ("string", "byte") => FieldKind.Bytes,
            ("string", _) => FieldKind.String,
            _ => FieldKind.Raw,
        })
    {
        GoName = goName,
    };

    private static string GoNameOf(string definition)
    {
        var parts = definition.Split('.');
        return $"{parts[^2]}.{parts[^1]}";
    }
}

/// <summary>How Go declares a field, as go-fields.json tells it (the notation is in eng/update-go-fields.py).</summary>
internal readonly record struct GoDeclaration(string Type, bool IsPointer, bool OmitsEmpty, bool OmitsZero, string? Default)
{
    /// <summary>Reads the notation.</summary>
    public static GoDeclaration Parse(string? text)
    {
        if (text is null)
            return new("interface {}", IsPointer: true, OmitsEmpty: true, OmitsZero: false, Default: null);
        var bar = text.IndexOf('|', StringComparison.Ordinal);
        var declared = bar < 0 ? text : text[..bar];
        return new(
            declared.Trim('*', '!', '~'),
            declared.StartsWith('*'),
            OmitsEmpty: !declared.EndsWith('!'),
            OmitsZero: declared.EndsWith('~'),
            bar < 0 ? null : text[(bar + 1)..]);
    }
}
