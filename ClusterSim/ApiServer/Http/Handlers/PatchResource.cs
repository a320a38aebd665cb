using System.Text.Json.Nodes;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Handles <c>patch</c>: JSON patch, merge patch, strategic merge patch and server-side apply.</summary>
internal sealed class PatchResource(ApiServer server, RequestDecoder decoder, RequestBody body, ObjectResponse response) : IVerbHandler
{
    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var type = MediaTypes.PatchTypeOf(MediaTypes.BodyTypeOf(context.Request));
        if (type == PatchType.StrategicMerge && target.Resource.Custom is not null)
            throw KubernetesApiException.UnsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
        var patch = await RequestBody.ReadAsync(context);
        var options = QueryOptions.ReadWrite(context.Request, "PatchOptions", type);
        var kind = RequestBody.KindOf(target);
        IReadOnlyList<string> warnings = [];
        var isLenient = options.FieldValidation == FieldValidation.Ignore;
        var repeated = !isLenient && type is PatchType.Merge or PatchType.StrategicMerge ? RequestDecoder.Repeated(patch) : [];
        string? repeatedKeys = null;
        if (type == PatchType.Apply)
        {
            var configuration = RequestDecoder.DecodeUntyped(patch, MediaKind.Yaml);
            repeatedKeys = isLenient ? null : RequestDecoder.RepeatedKeys(patch);
            await response.WriteResultAsync(context, target, server.Apply(target, configuration, options, Decoded), warnings);
            return;
        }
        await response.WriteResultAsync(context, target, server.Patch(target, type, patch, options, Decoded), warnings);

        JsonObject Decoded(JsonObject patched)
        {
            var decoded = type == PatchType.Apply
                ? body.Decode(patched.ToUtf8(), "application/json", kind, options.FieldValidation)
                : decoder.DecodePatched(patched, kind, options.FieldValidation, repeated);
            if (repeatedKeys is not null && options.FieldValidation == FieldValidation.Strict)
                throw KubernetesApiException.BadRequest($"error strict decoding YAML: {repeatedKeys}");
            warnings = repeatedKeys is null ? decoded.Warnings : [.. decoded.Warnings, repeatedKeys];
            return decoded.Object;
        }
    }
}
