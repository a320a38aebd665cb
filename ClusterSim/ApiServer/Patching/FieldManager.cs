using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Schema;

namespace ClusterSim.Patching;

/// <summary>The Patching room as the API server sees it.</summary>
/// <param name="schema">The built-in types.</param>
/// <param name="catalog">Which resources have a status subresource, and the types of custom ones.</param>
/// <param name="custom">The type of a custom kind; where neither it nor the catalog gives one, metadata is typed and all else deduced.</param>
internal sealed class FieldManager(TypeSchema schema, ResourceCatalog catalog, Func<GroupVersionKind, ObjectType?>? custom = null) : IFieldManager
{
    private readonly FieldType _deduced = new(FieldKind.Object, () => new ObjectShape(
        "Unstructured",
        [
            new Field { Name = "metadata", Type = schema.Definition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta") },
        ]))
    {
        GoName = "unstructured.Unstructured",
        KeepsUnknown = true,
    };

    /// <inheritdoc/>
    public void RecordUpdate(JsonObject updated, JsonElement before, string manager, string? subresource, DateTimeOffset now)
    {
        var type = TypeOf(updated.Text("apiVersion"), updated.Text("kind"));
        ManagedFields.RecordUpdate(updated, before, type, new FieldWriter(manager, type.Kind.GroupVersion.ToString(), subresource, now), Reset(type.Kind, subresource));
    }

    /// <inheritdoc/>
    public JsonObject Apply(JsonElement live, JsonObject configuration, string manager, string? subresource, bool force, DateTimeOffset now)
    {
        var type = live.Exists()
            ? TypeOf(live.At("apiVersion").Text(), live.At("kind").Text())
            : TypeOf(configuration.Text("apiVersion"), configuration.Text("kind"));
        return ServerSideApply.Apply(live, configuration, type, new FieldWriter(manager, type.Kind.GroupVersion.ToString(), subresource, now), force, Reset(type.Kind, subresource));
    }

    /// <inheritdoc/>
    public JsonObject Patch(JsonElement live, PatchType type, ReadOnlyMemory<byte> patch, GroupVersionKind kind) => type switch
    {
        PatchType.Json => JsonPatch.Apply(live.ToObject(), patch),
        PatchType.Merge => MergePatch.Apply(live.ToObject(), RequestDecoder.DecodeUntyped(patch, MediaKind.Json)),
        PatchType.StrategicMerge => StrategicMergePatch.Apply(
            live.ToObject(), RequestDecoder.DecodeUntyped(patch, MediaKind.Json),
            schema.Find(kind)?.Type ?? throw KubernetesApiException.UnsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor")),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "apply is not a patch of this method"),
    };

    private FieldSet Reset(GroupVersionKind kind, string? subresource)
    {
        var hasStatus = catalog.Find(kind)?.Subresources.ContainsKey("status") ?? false;
        return ResetFields.Of(kind, subresource, hasStatus, isCustom: schema.Find(kind) is null);
    }

    private ObjectType TypeOf(string? apiVersion, string? kind)
    {
        var (group, version) = GroupVersion.Parse(apiVersion ?? "");
        var gvk = new GroupVersionKind(group, version, kind ?? "");
        return schema.Find(gvk) ?? custom?.Invoke(gvk) ?? catalog.Find(gvk)?.Custom?.Type ?? new ObjectType(gvk, _deduced);
    }
}
