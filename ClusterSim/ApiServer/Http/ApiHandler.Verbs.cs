using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.CustomResources;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Tables;
using Microsoft.AspNetCore.Http;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Http;

internal sealed partial class ApiHandler
{
    private async Task GetAsync(HttpContext context, RequestTarget target)
    {
        if (target.Subresource is { } name && _server.Subresource(target.Resource.GroupResource, name) is { } special)
        {
            _server.Authorize(target, "get");
            await WriteAnswerAsync(context, 200, special.Get(target));
            return;
        }
        var document = _server.Get(target);
        CheckVersion(QueryOptions.Text(context.Request.Query, "resourceVersion"), document);
        await WriteObjectAsync(context, target, 200, document);
    }

    private async Task ListAsync(HttpContext context, RequestTarget target)
    {
        var options = QueryOptions.ReadList(context.Request.Query);
        await WaitForVersionAsync(options, context.RequestAborted);
        var list = _server.List(target, options);
        switch (MediaTypes.FormOf(context.Request))
        {
            case ObjectForm.Table:
                var include = QueryOptions.Text(context.Request.Query, "includeObject") ?? "Metadata";
                await context.Response.WriteAsync(200, _tables.Table(target.Resource, list.Items, include, withColumns: true, list));
                break;
            case ObjectForm.Metadata:
                await context.Response.WriteListAsync(
                    PartialList, list, document => MetadataOf(document).ToUtf8().AsMemory(1));
                break;
            default:
                await context.Response.WriteListAsync(target.Resource, list, InVersion(target));
                break;
        }
    }

    private Task WatchAsync(HttpContext context, RequestTarget target)
    {
        var options = QueryOptions.ReadList(context.Request.Query);
        ReadVersion(options.ResourceVersion);
        var form = MediaTypes.FormOf(context.Request);
        var include = QueryOptions.Text(context.Request.Query, "includeObject") ?? "Metadata";
        var told = false;
        return new WatchResponse(_server, context, target, options, document =>
        {
            switch (form)
            {
                case ObjectForm.Table:
                    // Only the first event carries the columns.
                    var table = _tables.Table(target.Resource, [document], include, withColumns: !told, null);
                    told = true;
                    return table.ToUtf8();
                case ObjectForm.Metadata:
                    return MetadataOf(document).ToUtf8();
                default:
                    return InVersion(target, document).Utf8;
            }
        }).RunAsync();
    }

    private async Task CreateAsync(HttpContext context, RequestTarget target)
    {
        var options = QueryOptions.ReadWrite(context.Request);
        var kind = target.Subresource is { } sub ? target.Resource.Subresources[sub].Kind : target.Resource.GroupVersionKind;
        var decoded = Decode(await ReadBodyAsync(context), MediaTypes.BodyTypeOf(context.Request), kind, options.FieldValidation);
        var result = _server.Create(target, ToStored(target, decoded.Object), options);
        await WriteResultAsync(context, target, result, decoded.Warnings);
    }

    private async Task UpdateAsync(HttpContext context, RequestTarget target)
    {
        var options = QueryOptions.ReadWrite(context.Request);
        var kind = target.Subresource is { } sub ? target.Resource.Subresources[sub].Kind : target.Resource.GroupVersionKind;
        var decoded = Decode(await ReadBodyAsync(context), MediaTypes.BodyTypeOf(context.Request), kind, options.FieldValidation);
        var result = _server.Update(target, ToStored(target, decoded.Object), options);
        await WriteResultAsync(context, target, result, decoded.Warnings);
    }

    private async Task PatchAsync(HttpContext context, RequestTarget target)
    {
        var options = QueryOptions.ReadWrite(context.Request);
        var mediaType = MediaTypes.BodyTypeOf(context.Request);
        var type = MediaTypes.PatchTypeOf(mediaType);
        if (type == PatchType.StrategicMerge && target.Resource.Custom is not null)
            throw KubernetesApiException.UnsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
        var body = await ReadBodyAsync(context);
        var kind = target.Subresource is { } sub ? target.Resource.Subresources[sub].Kind : target.Resource.GroupVersionKind;
        IReadOnlyList<string> warnings = [];
        var isLenient = options.FieldValidation == FieldValidation.Ignore;
        var repeated = !isLenient && type is PatchType.Merge or PatchType.StrategicMerge ? RequestDecoder.Repeated(body) : [];
        string? repeatedKeys = null;
        if (type == PatchType.Apply)
        {
            if (QueryOptions.Text(context.Request.Query, "fieldManager") is null)
                throw KubernetesApiException.Invalid(new("meta.k8s.io", "v1", "PatchOptions"), "", [new("FieldValueRequired", "fieldManager", "Required value: is required for apply patch")]);
            var configuration = RequestDecoder.DecodeUntyped(body, MediaKind.Yaml);
            repeatedKeys = isLenient ? null : RequestDecoder.RepeatedKeys(body);
            await WriteResultAsync(context, target, _server.Apply(target, configuration, options, Decoded), warnings);
            return;
        }
        await WriteResultAsync(context, target, _server.Patch(target, type, body, options, Decoded), warnings);

        JsonObject Decoded(JsonObject patched)
        {
            var decoded = type == PatchType.Apply
                ? Decode(patched.ToUtf8(), "application/json", kind, options.FieldValidation)
                : _decoder.DecodePatched(patched, kind, options.FieldValidation, repeated);
            if (repeatedKeys is not null && options.FieldValidation == FieldValidation.Strict)
                throw KubernetesApiException.BadRequest($"error strict decoding YAML: {repeatedKeys}");
            warnings = repeatedKeys is null ? decoded.Warnings : [.. decoded.Warnings, repeatedKeys];
            return decoded.Object;
        }
    }

    private async Task DeleteAsync(HttpContext context, RequestTarget target)
    {
        var options = await ReadDeleteAsync(context);
        var result = _server.Delete(target, options);
        await WriteResultAsync(context, target, result, []);
    }

    private async Task DeleteCollectionAsync(HttpContext context, RequestTarget target)
    {
        var options = await ReadDeleteAsync(context);
        var list = QueryOptions.ReadList(context.Request.Query);
        var deleted = _server.DeleteCollection(target, list, options);
        await context.Response.WriteListAsync(
            target.Resource, new ListResult(deleted, _server.Store.Revision, null, null), InVersion(target));
    }

    private async Task<DeleteOptions> ReadDeleteAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var options = new DeleteOptions
        {
            DryRun = QueryOptions.DryRun(query),
            GracePeriodSeconds = QueryOptions.Number(query, "gracePeriodSeconds"),
            PropagationPolicy = QueryOptions.Text(query, "propagationPolicy"),
        };
        var body = await ReadBodyAsync(context);
        if (body.IsEmpty)
            return options;
        var said = Decode(body, MediaTypes.BodyTypeOf(context.Request), new("", "v1", "DeleteOptions"), FieldValidation.Ignore).Object.ToElement();
        return options with
        {
            DryRun = options.DryRun || said.At("dryRun").Items().Any(item => item.Text() == "All"),
            GracePeriodSeconds = said.At("gracePeriodSeconds").Integer() ?? options.GracePeriodSeconds,
            PropagationPolicy = said.At("propagationPolicy").Text() ?? (said.At("orphanDependents").Flag() is { } orphan ? orphan ? "Orphan" : "Background" : options.PropagationPolicy),
            PreconditionUid = said.At("preconditions", "uid").Text(),
            PreconditionResourceVersion = said.At("preconditions", "resourceVersion").Text(),
        };
    }

    private async Task WriteResultAsync(HttpContext context, RequestTarget target, WriteResult result, IEnumerable<string> decodeWarnings)
    {
        context.Response.Warn(decodeWarnings.Concat(result.Warnings));
        // What is not stored has no rows.
        if (result.Answer is { } told && told.Text("kind") != "Status" && MediaTypes.FormOf(context.Request) != ObjectForm.Plain && !MediaTypes.TakesPlain(context.Request))
            throw new KubernetesApiException(406, "NotAcceptable", "only the following media types are accepted: application/json");
        if (result.Answer is { } answer)
            await WriteAnswerAsync(context, result.Code, answer);
        else
            await WriteObjectAsync(context, target, result.Code, result.Object);
    }

    // What a subresource answers is written as it is, but for the one that kubectl get --subresource asks a table of.
    private Task WriteAnswerAsync(HttpContext context, int code, JsonObject answer) => context.Response.WriteAsync(
        code, MediaTypes.FormOf(context.Request) == ObjectForm.Table && answer.Text("kind") == "Scale" ? ScaleTable.Of(answer, _server.Clock.GetUtcNow()) : answer);

    private Task WriteObjectAsync(HttpContext context, RequestTarget target, int code, Document document) => MediaTypes.FormOf(context.Request) switch
    {
        ObjectForm.Table => context.Response.WriteAsync(
            code, _tables.Table(target.Resource, [document], QueryOptions.Text(context.Request.Query, "includeObject") ?? "Metadata", withColumns: true, null)),
        ObjectForm.Metadata => context.Response.WriteAsync(code, MetadataOf(document)),
        _ => context.Response.WriteAsync(code, InVersion(target, document).Utf8),
    };

    private DecodedObject Decode(ReadOnlyMemory<byte> body, string mediaType, GroupVersionKind kind, FieldValidation validation) =>
        _decoder.Decode(body, mediaType switch
        {
            "application/json" => MediaKind.Json,
            "application/yaml" => MediaKind.Yaml,
            "application/vnd.kubernetes.protobuf" when _decoder.TakesProtobuf(kind) => MediaKind.Protobuf,
            _ => throw KubernetesApiException.UnsupportedMediaType(
                "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml"
                + (_decoder.TakesProtobuf(kind) ? ", application/vnd.kubernetes.protobuf" : "")),
        }, kind, validation);

    private JsonObject ToStored(in RequestTarget target, JsonObject @object) => target.Resource.Custom is not null || target.Subresource is not null and not "status"
        ? @object
        : VersionConversion.Convert(@object, target.Resource, _server.Catalog.Stored(target.Resource.GroupResource) ?? target.Resource);

    private Document InVersion(in RequestTarget target, Document document)
    {
        if (target.Resource.CustomVersion() is { } custom)
            return custom.View(document);
        var stored = _server.Catalog.Stored(target.Resource.GroupResource) ?? target.Resource;
        return stored.GroupVersion == target.Resource.GroupVersion
            ? document
            : Document.Unstored(document.Resource, VersionConversion.Convert(document.ToObject(), stored, target.Resource));
    }

    /// <summary>What stands behind kind and version of each item of a list.</summary>
    private Func<Document, ReadOnlyMemory<byte>> InVersion(RequestTarget target) =>
        target.Resource.Custom is null && (_server.Catalog.Stored(target.Resource.GroupResource) ?? target.Resource).GroupVersion == target.Resource.GroupVersion
            ? static document => document.AfterType
            : document => InVersion(target, document).AfterType;

    private static JsonObject MetadataOf(Document document) => Object(
        ("kind", "PartialObjectMetadata"), ("apiVersion", "meta.k8s.io/v1"), ("metadata", document.Metadata.ToNode()));

    private static readonly ResourceType PartialList = new()
    {
        Group = "meta.k8s.io",
        Version = "v1",
        Name = "partialobjectmetadata",
        SingularName = "",
        Kind = "PartialObjectMetadata",
        Namespaced = false,
        Verbs = [],
    };

    private static long ReadVersion(string? version)
    {
        if (string.IsNullOrEmpty(version))
            return 0;
        if (ulong.TryParse(version, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var read) && read <= long.MaxValue)
            return (long)read;
        throw KubernetesApiException.BadRequest($"invalid resource version: resourceVersion: Invalid value: \"{version}\": strconv.ParseUint: parsing \"{version}\": invalid syntax");
    }

    private static void CheckVersion(string? version, Document document)
    {
        if (ReadVersion(version) > document.Revision && ReadVersion(version) > 0)
            throw TooLarge(ReadVersion(version), document.Revision);
    }

    /// <summary>A list from the future waits for a while, as a watch cache does, then says that it is one.</summary>
    private async Task WaitForVersionAsync(ListOptions options, CancellationToken cancellation)
    {
        var wanted = ReadVersion(options.ResourceVersion);
        if (options.ResourceVersionMatch is { } match)
        {
            if (string.IsNullOrEmpty(options.ResourceVersion))
                throw KubernetesApiException.Invalid(new("meta.k8s.io", "v1", "ListOptions"), "",
                    [new("FieldValueForbidden", "resourceVersionMatch", "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided")]);
            if (match is not ("Exact" or "NotOlderThan"))
                throw KubernetesApiException.Invalid(new("meta.k8s.io", "v1", "ListOptions"), "",
                    [new("FieldValueNotSupported", "resourceVersionMatch", $"Unsupported value: \"{match}\": supported values: \"\", \"Exact\", \"NotOlderThan\"")]);
        }
        if (wanted <= _server.Store.Revision)
            return;
        var give = _server.Clock.GetUtcNow().AddSeconds(3);
        while (_server.Store.Revision < wanted)
        {
            if (_server.Clock.GetUtcNow() >= give)
                throw TooLarge(wanted, _server.Store.Revision);
            await Task.Delay(TimeSpan.FromMilliseconds(50), _server.Clock, cancellation);
        }
    }

    private static KubernetesApiException TooLarge(long wanted, long current) => new(
        504, "Timeout", $"Timeout: Too large resource version: {wanted}, current: {current}",
        Object(("causes", new JsonArray(Object(("reason", "ResourceVersionTooLarge"), ("message", "Too large resource version")))), ("retryAfterSeconds", 1)));
}
