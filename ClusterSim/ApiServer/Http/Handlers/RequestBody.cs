using System.Buffers;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Reads and decodes the bodies of requests.</summary>
internal sealed class RequestBody(ApiServer server, RequestDecoder decoder)
{
    // kube-apiserver takes no more: --max-request-body-bytes is fixed at 3 MiB.
    private const long BytesMax = 3 * 1024 * 1024;

    /// <summary>413: the body is larger than kube-apiserver takes.</summary>
    public static KubernetesApiException TooLarge() => new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");

    /// <summary>The kind of the objects that a request sends.</summary>
    public static GroupVersionKind KindOf(in RequestTarget target) =>
        target.Subresource is { } sub ? target.Resource.Subresources[sub].Kind : target.Resource.GroupVersionKind;

    /// <summary>Reads a body to its end (<c>limitedReadBody</c>).</summary>
    /// <exception cref="KubernetesApiException">413.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        var dropped = 0L;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (dropped + read.Buffer.Length > BytesMax)
            {
                dropped += read.Buffer.Length;
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    throw TooLarge();
                continue;
            }
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Reads an object, and converts it to the version that the API server stores.</summary>
    /// <exception cref="KubernetesApiException">400, 413, 415: it cannot be decoded.</exception>
    public async Task<DecodedObject> DecodeObjectAsync(HttpContext context, RequestTarget target, FieldValidation validation)
    {
        var decoded = Decode(await ReadAsync(context), MediaTypes.BodyTypeOf(context.Request), KindOf(target), validation);
        return target.Resource.Custom is not null || target.Subresource is not null and not "status"
            ? decoded
            : decoded with { Object = VersionConversion.Convert(decoded.Object, target.Resource, server.Catalog.Stored(target.Resource.GroupResource) ?? target.Resource) };
    }

    /// <summary>Reads DeleteOptions from the query and the body, which may be empty.</summary>
    public async Task<DeleteOptions> ReadDeleteOptionsAsync(HttpContext context)
    {
        var body = await ReadAsync(context);
        var query = context.Request.Query;
        // A body counts alone; without one the query does.
        var said = body.IsEmpty ? default : decoder.DecodeDeleteOptions(body, MediaOf(MediaTypes.BodyTypeOf(context.Request), takesProtobuf: true)).ToElement();
        var dryRun = body.IsEmpty ? QueryOptions.Values(query, "dryRun") : [.. said.At("dryRun").Items().Select(item => item.Text(""))];
        var policy = body.IsEmpty ? QueryOptions.Text(query, "propagationPolicy") : said.At("propagationPolicy").Text();
        bool? orphan = !body.IsEmpty ? said.At("orphanDependents").Flag() : query.ContainsKey("orphanDependents") ? QueryOptions.Flag(query, "orphanDependents") : null;
        var options = new DeleteOptions
        {
            DryRun = dryRun.Count > 0,
            GracePeriodSeconds = body.IsEmpty ? QueryOptions.Number(query, "gracePeriodSeconds") : said.At("gracePeriodSeconds").Integer(),
            PropagationPolicy = policy ?? orphan switch { null => null, true => "Orphan", false => "Background" },
            PreconditionUid = said.At("preconditions", "uid").Text(),
            PreconditionResourceVersion = said.At("preconditions", "resourceVersion").Text(),
        };
        OptionsValidation.ThrowIfInvalid("DeleteOptions", OptionsValidation.DeleteErrors(policy, orphan, dryRun));
        return options;
    }

    /// <summary>Decodes a body of a media type.</summary>
    /// <exception cref="KubernetesApiException">400; 415: the media type is not accepted.</exception>
    public DecodedObject Decode(ReadOnlyMemory<byte> body, string mediaType, GroupVersionKind kind, FieldValidation validation) =>
        decoder.Decode(body, MediaOf(mediaType, decoder.TakesProtobuf(kind)), kind, validation);

    private static MediaKind MediaOf(string mediaType, bool takesProtobuf) => mediaType switch
    {
        "application/json" => MediaKind.Json,
        "application/yaml" => MediaKind.Yaml,
        "application/vnd.kubernetes.protobuf" when takesProtobuf => MediaKind.Protobuf,
        _ => throw KubernetesApiException.UnsupportedMediaType(
            "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml"
            + (takesProtobuf ? ", application/vnd.kubernetes.protobuf" : "")),
    };
}
