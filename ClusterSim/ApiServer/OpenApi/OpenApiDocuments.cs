using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.CustomResources;
using ClusterSim.Schema;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.OpenApi;

/// <summary>
/// OpenAPI documents from the definitions and the catalog: types without prose, paths with what kubectl looks for in them (kinds, and the
/// parameters that say what the server can do). Made at first need, and again when the catalog has changed.
/// </summary>
internal sealed class OpenApiDocuments(ResourceCatalog catalog, TypeSchema schema)
{
    private const string InV2 = "#/definitions/";
    private const string InV3 = "#/components/schemas/";
    private const string IntOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

    private readonly ConcurrentDictionary<string, (IReadOnlyList<ResourceType> Of, byte[] Utf8)> _made = new(StringComparer.Ordinal);

    /// <summary>What there is, by path.</summary>
    public ReadOnlyMemory<byte> Index() => Made("index", () =>
    {
        var paths = new JsonObject();
        foreach (var version in catalog.All.Select(type => type.GroupVersion).Distinct())
        {
            var path = PrefixOf(version)[1..];
            paths[path] = Object(("serverRelativeURL", $"/openapi/v3/{path}?hash={HashOf(version)}"));
        }
        return Object(("paths", paths));
    });

    /// <summary>The document of one group and version; empty where there is none.</summary>
    public ReadOnlyMemory<byte> V3(GroupVersion version)
    {
        var types = catalog.All.Where(type => type.GroupVersion == version).ToList();
        if (types.Count == 0)
            return default;
        return Made(version.ToString(), () =>
        {
            var schemas = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
            foreach (var type in types)
            {
                Add(schemas, type);
                foreach (var sub in type.Subresources.Values)
                    if (schema.NameOf(sub.Kind) is { } name)
                        AddWithAll(schemas, name);
            }
            foreach (var options in (ReadOnlySpan<string>)["DeleteOptions", "Status", "Patch"])
                AddWithAll(schemas, "io.k8s.apimachinery.pkg.apis.meta.v1." + options);
            var paths = new JsonObject();
            foreach (var type in types)
                foreach (var (path, item) in OpenApiOperations.PathsOf(type, PrefixOf(version), kind => Reference(type, kind)))
                    paths[path] = item;
            return Object(
                ("openapi", "3.0.0"),
                ("info", Info()),
                ("paths", paths),
                ("components", Object(("schemas", new JsonObject(schemas)))));
        });
    }

    /// <summary>Everything in one document of the older form.</summary>
    public ReadOnlyMemory<byte> V2() => Made("v2", () =>
    {
        var definitions = schema.Definitions.ToObject();
        var paths = new JsonObject();
        foreach (var type in catalog.All)
        {
            if (schema.NameOf(type.GroupVersionKind) is null)
            {
                definitions[CustomOpenApi.NameOf(type, type.Kind)] = CustomOpenApi.Of(type, InV2, isV2: true);
                definitions[CustomOpenApi.NameOf(type, type.ListKind)] = CustomOpenApi.ListOf(type, InV2);
            }
            foreach (var (path, item) in OpenApiOperations.PathsOf(type, PrefixOf(type.GroupVersion), reference: null))
                paths[path] = item;
        }
        return Object(("swagger", "2.0"), ("info", Info()), ("paths", paths), ("definitions", definitions));
    });

    /// <summary>The same document in protobuf.</summary>
    public ReadOnlyMemory<byte> V2Protobuf() => Made("v2.protobuf", () => OpenApiProtobuf.Write(JsonElement.Parse(V2().Span)));

    private static string PrefixOf(GroupVersion version) => version.Group.Length == 0 ? $"/api/{version.Version}" : $"/apis/{version}";

    private static JsonObject Info() => Object(("title", "Kubernetes"), ("version", KubernetesVersion.Git));

    private string Reference(ResourceType type, GroupVersionKind kind) => InV3 + (schema.NameOf(kind) ?? CustomOpenApi.NameOf(type, kind.Kind));

    private void Add(SortedDictionary<string, JsonNode?> schemas, ResourceType type)
    {
        if (schema.NameOf(type.GroupVersionKind) is not { } name)
        {
            schemas[CustomOpenApi.NameOf(type, type.Kind)] = CustomOpenApi.Of(type, InV3, isV2: false);
            schemas[CustomOpenApi.NameOf(type, type.ListKind)] = CustomOpenApi.ListOf(type, InV3);
            foreach (var reference in CustomOpenApi.References)
                AddWithAll(schemas, reference);
            return;
        }
        AddWithAll(schemas, name);
        if (schema.NameOf(type.GroupVersionKind with { Kind = type.Kind + "List" }) is { } list)
            AddWithAll(schemas, list);
    }

    private void AddWithAll(SortedDictionary<string, JsonNode?> schemas, string name)
    {
        if (schemas.ContainsKey(name) || !schema.Definitions.TryGetProperty(name, out var definition))
            return;
        schemas[name] = null;
        schemas[name] = name == IntOrString
            ? Object(("format", "int-or-string"), ("oneOf", new JsonArray(Object(("type", "integer")), Object(("type", "string")))))
            : Rewritten(definition);

        JsonNode? Rewritten(JsonElement value)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Object:
                    var copy = new JsonObject();
                    foreach (var field in value.EnumerateObject())
                    {
                        if (field.Name == "$ref" && field.Value.Text() is { } reference && reference.StartsWith(InV2, StringComparison.Ordinal))
                        {
                            var other = reference[InV2.Length..];
                            AddWithAll(schemas, other);
                            copy["$ref"] = InV3 + other;
                        }
                        else
                        {
                            copy[field.Name] = Rewritten(field.Value);
                        }
                    }
                    return copy;
                case JsonValueKind.Array:
                    return new JsonArray([.. value.EnumerateArray().Select(Rewritten)]);
                default:
                    return value.ToNode();
            }
        }
    }

    private string HashOf(GroupVersion version)
    {
        var told = string.Join('\n', catalog.All.Where(type => type.GroupVersion == version).Select(type => $"{type.Name} {type.Kind} {type.CustomVersion()?.Identity}"));
        return Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{KubernetesVersion.Git} {version} {told}")));
    }

    private byte[] Made(string name, Func<JsonObject> make) => Made(name, () => make().ToUtf8());

    private byte[] Made(string name, Func<byte[]> make)
    {
        var all = catalog.All;
        if (_made.TryGetValue(name, out var made) && ReferenceEquals(made.Of, all))
            return made.Utf8;
        var utf8 = make();
        _made[name] = (all, utf8);
        return utf8;
    }
}
