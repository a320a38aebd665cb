using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Api;
using ClusterSim.Json;
using ClusterSim.Schema;

namespace ClusterSim.Patching;

/// <summary>The Patching room as the API server sees it.</summary>
internal sealed class FieldManager(TypeSchema schema, ResourceCatalog catalog) : IFieldManager
{
    /// <inheritdoc/>
    public void RecordUpdate(JsonObject updated, JsonElement before, string manager, string? subresource, DateTimeOffset now)
    {
        var kind = KindOf(updated);
        if (schema.Find(kind) is { } type)
            ManagedFields.RecordUpdate(updated, before, type, new FieldWriter(manager, kind.GroupVersion.ToString(), subresource, now), Reset(kind, subresource));
    }

    /// <inheritdoc/>
    public JsonObject Apply(JsonElement live, JsonObject configuration, string manager, string? subresource, bool force, DateTimeOffset now)
    {
        var kind = KindOf(configuration);
        var type = schema.Find(kind) ?? throw ApiException.BadRequest($"no type is known for {kind}");
        return ServerSideApply.Apply(live, configuration, type, new FieldWriter(manager, kind.GroupVersion.ToString(), subresource, now), force, Reset(kind, subresource));
    }

    /// <inheritdoc/>
    public JsonObject Patch(JsonElement live, PatchType type, ReadOnlyMemory<byte> patch, GroupVersionKind kind) => type switch
    {
        PatchType.Json => JsonPatch.Apply(live.ToObject(), patch),
        PatchType.Merge => MergePatch.Apply(live.ToObject(), Read(patch)),
        PatchType.StrategicMerge => StrategicMergePatch.Apply(
            live.ToObject(), Read(patch),
            schema.Find(kind)?.Type ?? throw ApiException.UnsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, application/apply-patch+cbor")),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "apply is not a patch of this method"),
    };

    private FieldSet Reset(GroupVersionKind kind, string? subresource)
    {
        var resource = catalog.Find(kind);
        return ResetFields.Of(kind, subresource, resource?.Subresources.ContainsKey("status") ?? false);
    }

    private static GroupVersionKind KindOf(JsonObject @object)
    {
        var (group, version) = GroupVersion.Parse(@object.Text("apiVersion") ?? "");
        return new GroupVersionKind(group, version, @object.Text("kind") ?? "");
    }

    private static JsonObject Read(ReadOnlyMemory<byte> patch)
    {
        try
        {
            return JsonNode.Parse(patch.Span) as JsonObject ?? throw ApiException.BadRequest("the patch is not an object");
        }
        catch (JsonException malformed)
        {
            throw ApiException.BadRequest($"error decoding patch: {malformed.Message}");
        }
    }
}
