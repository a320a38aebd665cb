using System.Text.Json.Nodes;
using ClusterSim.CustomResources;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Tables;
using Microsoft.AspNetCore.Http;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Http.Handlers;

/// <summary>
/// Writes objects in the version of the request and the form that the client accepts: the object itself, a Table, or its metadata
/// (<c>transformResponseObject</c>).
/// </summary>
internal sealed class ObjectResponse(ApiServer server, ITables tables)
{
    /// <summary>The PartialObjectMetadata of an object.</summary>
    public static JsonObject MetadataOf(Document document) => MetadataOf(document.Metadata.ToNode());

    private static JsonObject MetadataOf(JsonNode? metadata) => Object(
        ("kind", "PartialObjectMetadata"), ("apiVersion", "meta.k8s.io/v1"), ("metadata", metadata));

    /// <summary>Writes the result of a write, with its warnings.</summary>
    /// <exception cref="KubernetesApiException">406: the client accepts only a form that the answer does not have.</exception>
    public async Task WriteResultAsync(HttpContext context, RequestTarget target, WriteResult result, IEnumerable<string> decodeWarnings)
    {
        context.Response.Warn(decodeWarnings.Concat(result.Warnings));
        if (result.Answer is { } answer)
            await WriteAnswerAsync(context, result.Code, answer);
        else
            await WriteObjectAsync(context, target, result.Code, result.Object);
    }

    /// <summary>
    /// Writes what is not stored: a Status as it is; a Scale, as a Table where <c>kubectl get --subresource</c> asks for one; any other without rows.
    /// </summary>
    /// <exception cref="KubernetesApiException">406: the client accepts only a form that the answer does not have.</exception>
    public Task WriteAnswerAsync(HttpContext context, int code, JsonObject answer)
    {
        var kind = answer.Text("kind");
        var media = OutputMediaType.Negotiate(context.Request, new(HasTable: kind is "Scale" or "Status", HasMetadata: true, HasProtobuf: true));
        var form = kind == "Status" ? ObjectForm.Plain : media.Form;
        return context.Response.WriteEncodedAsync(code, form switch
        {
            ObjectForm.Table => ScaleTable.Of(answer, server.Clock.GetUtcNow()).ToUtf8(),
            ObjectForm.Metadata => MetadataOf(answer["metadata"]?.DeepClone()).ToUtf8(),
            _ => answer.ToUtf8(),
        }, media.Encoding);
    }

    /// <summary>Writes an object.</summary>
    public Task WriteObjectAsync(HttpContext context, RequestTarget target, int code, Document document)
    {
        var media = MediaTypeOf(context, target);
        return context.Response.WriteEncodedAsync(code, media.Form switch
        {
            ObjectForm.Table => tables.Table(target.Resource, [document], QueryOptions.IncludeObject(context.Request.Query), withColumns: true, null).ToUtf8(),
            ObjectForm.Metadata => MetadataOf(document).ToUtf8(),
            _ => InVersion(target, document).Utf8,
        }, media.Encoding);
    }

    /// <summary>The media type of a stored object, a list or a watch.</summary>
    /// <exception cref="KubernetesApiException">406.</exception>
    public static OutputMediaType MediaTypeOf(HttpContext context, in RequestTarget target, bool isStream = false) => OutputMediaType.Negotiate(
        context.Request, new(HasTable: true, HasMetadata: true, HasProtobuf: target.Resource.Custom is null && target.Resource.Group != "metrics.k8s.io", isStream));

    /// <summary>An object in the version of the request.</summary>
    public Document InVersion(in RequestTarget target, Document document)
    {
        if (target.Resource.CustomVersion() is { } custom)
            return custom.View(document);
        var stored = StoredType(target);
        return stored.GroupVersion == target.Resource.GroupVersion
            ? document
            : Document.Unstored(document.Resource, VersionConversion.Convert(document.ToObject(), stored, target.Resource));
    }

    /// <summary>The function that gives what follows kind and version of each item of a list.</summary>
    public Func<Document, ReadOnlyMemory<byte>> ItemOf(RequestTarget target) =>
        // Lists of custom objects are unstructured: each item has its own kind and version.
        target.Resource.Custom is not null ? document => InVersion(target, document).Utf8[1..]
        : StoredType(target).GroupVersion == target.Resource.GroupVersion
            ? static document => document.AfterType
            : document => InVersion(target, document).AfterType;

    private ResourceType StoredType(in RequestTarget target) => server.Catalog.Stored(target.Resource.GroupResource) ?? target.Resource;
}
