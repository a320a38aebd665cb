using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>What an answer is written in.</summary>
internal enum AnswerEncoding
{
    /// <summary><c>application/json</c>.</summary>
    Json,

    /// <summary><c>application/yaml</c>.</summary>
    Yaml,

    /// <summary><c>application/vnd.kubernetes.protobuf</c>.</summary>
    Protobuf,
}

/// <summary>The shape an answer is asked for in.</summary>
internal enum ObjectForm
{
    /// <summary>The object or list itself.</summary>
    Plain,

    /// <summary><c>meta.k8s.io/v1</c> Table: rows and columns, as kubectl get wants them.</summary>
    Table,

    /// <summary>PartialObjectMetadata, or its list: no spec, no status.</summary>
    Metadata,
}

/// <summary>What an endpoint can answer (<c>EndpointRestrictions</c>).</summary>
/// <param name="HasTable">Whether objects have rows.</param>
/// <param name="HasMetadata">Whether objects have metadata.</param>
/// <param name="HasProtobuf">Whether the objects themselves have a protobuf form: custom ones have none.</param>
/// <param name="IsStream">Whether the answer is a watch.</param>
internal sealed record EndpointRestrictions(bool HasTable, bool HasMetadata, bool HasProtobuf, bool IsStream = false)
{
    /// <summary>No shape but the object's own: discovery, errors.</summary>
    public static EndpointRestrictions Default { get; } = new(HasTable: false, HasMetadata: false, HasProtobuf: true);
}

/// <summary>What an answer is written in, and its shape (<c>negotiation.MediaTypeOptions</c>).</summary>
/// <param name="Encoding">What it is written in.</param>
/// <param name="Form">Its shape.</param>
internal sealed record OutputMediaType(AnswerEncoding Encoding, ObjectForm Form)
{
    private static readonly (string Subtype, AnswerEncoding Encoding)[] Accepted =
        [("json", AnswerEncoding.Json), ("yaml", AnswerEncoding.Yaml), ("vnd.kubernetes.protobuf", AnswerEncoding.Protobuf)];

    /// <summary>The object in JSON.</summary>
    public static OutputMediaType Json { get; } = new(AnswerEncoding.Json, ObjectForm.Plain);

    /// <summary>The media type as a Content-Type.</summary>
    public static string NameOf(AnswerEncoding encoding) => encoding switch
    {
        AnswerEncoding.Yaml => "application/yaml",
        AnswerEncoding.Protobuf => "application/vnd.kubernetes.protobuf",
        _ => "application/json",
    };

    /// <summary>Chooses what the client prefers among what the endpoint has (<c>NegotiateOutputMediaType</c>).</summary>
    /// <exception cref="KubernetesApiException">406: the client accepts nothing of it.</exception>
    public static OutputMediaType Negotiate(HttpRequest request, EndpointRestrictions endpoint) =>
        Find(request, endpoint) is { } found && !(endpoint.IsStream && found.Encoding == AnswerEncoding.Yaml)
            ? found
            : throw NotAcceptable(endpoint.IsStream
                ? "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
                : "application/json, application/yaml, application/vnd.kubernetes.protobuf");

    /// <summary>As <see cref="Negotiate"/>; null where the client accepts nothing that the endpoint has.</summary>
    public static OutputMediaType? Find(HttpRequest request, EndpointRestrictions endpoint)
    {
        var header = request.Headers.Accept.ToString();
        if (header is "" or "application/json" or "*/*")
            return Json;
        foreach (var clause in AcceptHeader.Parse(header))
            foreach (var (subtype, encoding) in Accepted)
                if (clause.Matches("application", subtype) && Transformed(clause, encoding, endpoint) is { } form)
                    return new OutputMediaType(encoding, form);
        return null;
    }

    /// <summary>406 with what is accepted.</summary>
    public static KubernetesApiException NotAcceptable(string accepted) =>
        new(406, "NotAcceptable", $"only the following media types are accepted: {accepted}");

    // acceptMediaTypeOptions: parameters that the endpoint does not allow rule a range out; unknown ones are ignored.
    private static ObjectForm? Transformed(AcceptClause clause, AnswerEncoding encoding, EndpointRestrictions endpoint)
    {
        if (clause.Parameter("stream") is { Length: > 0 } stream && (stream != "watch" || encoding == AnswerEncoding.Yaml))
            return null;
        if (clause.Parameter("sv") is { Length: > 0 })
            return null;
        var (kind, group, version) = (clause.Parameter("as"), clause.Parameter("g"), clause.Parameter("v"));
        if (kind is null && group is null && version is null)
            return encoding == AnswerEncoding.Protobuf && !endpoint.HasProtobuf ? null : ObjectForm.Plain;
        if (group != "meta.k8s.io" || version != "v1")
            return null;
        return kind switch
        {
            "Table" when endpoint.HasTable && encoding != AnswerEncoding.Protobuf => ObjectForm.Table,
            "PartialObjectMetadata" or "PartialObjectMetadataList" when endpoint.HasMetadata => ObjectForm.Metadata,
            _ => null,
        };
    }
}
