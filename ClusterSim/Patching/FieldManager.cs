using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Api;
using ClusterSim.Json;
using ClusterSim.Schema;

namespace ClusterSim.Patching;

/// <summary>What the API server needs of this room, over the types of the built-in schema and, through <paramref name="custom"/>, custom ones.</summary>
/// <param name="schema">The built-in types.</param>
/// <param name="catalog">Which resources have a status subresource.</param>
/// <param name="custom">The type of a custom kind; null where there is none. Such an object's fields are then deduced.</param>
internal sealed class FieldManager(TypeSchema schema, ResourceCatalog catalog, Func<GroupVersionKind, ObjectType?>? custom = null) : IFieldManager
{
    /// <inheritdoc/>
    public void RecordUpdate(JsonObject updated, JsonElement before, string manager, string? subresource, DateTimeOffset now)
    {
        var type = TypeOf(updated.Text("apiVersion") ?? "", updated.Text("kind") ?? "");
        ManagedFields.RecordUpdate(updated, before, type, new(manager, type.Kind.GroupVersion.ToString(), subresource, now), Reset(type, subresource));
    }

    /// <inheritdoc/>
    public JsonObject Apply(JsonElement live, JsonObject configuration, string manager, string? subresource, bool force, DateTimeOffset now)
    {
        var type = TypeOf(
            live.Exists() ? live.At("apiVersion").Text("") : configuration.Text("apiVersion") ?? "",
            live.Exists() ? live.At("kind").Text("") : configuration.Text("kind") ?? "");
        return ServerSideApply.Apply(live, configuration, type, new(manager, type.Kind.GroupVersion.ToString(), subresource, now), force, Reset(type, subresource));
    }

    /// <inheritdoc/>
    public JsonObject Patch(JsonElement live, PatchType type, JsonNode patch, GroupVersionKind kind) => type switch
    {
        PatchType.Json => JsonPatch.Apply(live.ToObject(), patch.ToUtf8()),
        PatchType.Merge => MergePatch.Apply(live.ToObject(), Map(patch)),
        PatchType.StrategicMerge when schema.Find(kind) is { } known => StrategicMergePatch.Apply(live.ToObject(), Map(patch), known.Type),
        PatchType.StrategicMerge => throw ApiException.UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "an apply goes through Apply"),
    };

    private static JsonObject Map(JsonNode patch) => patch as JsonObject
        ?? throw ApiException.BadRequest($"error decoding patch: json: cannot unmarshal {ObjectReader.Told(patch.GetValueKind())} into Go value of type map[string]interface {{}}");

    private ObjectType TypeOf(string apiVersion, string kind)
    {
        var (group, version) = GroupVersion.Parse(apiVersion);
        var gvk = new GroupVersionKind(group, version, kind);
        return schema.Find(gvk) ?? custom?.Invoke(gvk) ?? new ObjectType(gvk, CustomBase());
    }

    // An object of which only the metadata is known.
    private FieldType CustomBase() => new(FieldKind.Object, () => new ObjectShape(
        "Unstructured",
        [
            new Field { Name = "metadata", Type = schema.Definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta") },
        ]))
    {
        GoName = "unstructured.Unstructured",
        KeepsUnknown = true,
    };

    private FieldSet Reset(ObjectType type, string? subresource) => ResetFields.Of(
        type.Kind, subresource, catalog.Find(type.Kind)?.Subresources.ContainsKey("status") == true, isCustom: schema.Find(type.Kind) is null);
}
