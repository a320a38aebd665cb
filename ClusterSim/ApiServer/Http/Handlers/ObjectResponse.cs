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
    public static JsonObject MetadataOf(Document document) => Object(
        ("kind", "PartialObjectMetadata"), ("apiVersion", "meta.k8s.io/v1"), ("metadata", document.Metadata.ToNode()));

    /// <summary>Writes the result of a write, with its warnings.</summary>
    /// <exception cref="KubernetesApiException">406: the client accepts only a form that the answer does not have.</exception>
    public async Task WriteResultAsync(HttpContext context, RequestTarget target, WriteResult result, IEnumerable<string> decodeWarnings)
    {
        context.Response.Warn(decodeWarnings.Concat(result.Warnings));
        // What is not stored has no rows.
        if (result.Answer is { } unstored && unstored.Text("kind") != "Status" && MediaTypes.FormOf(context.Request) != ObjectForm.Plain && !MediaTypes.TakesPlain(context.Request))
            throw new KubernetesApiException(406, "NotAcceptable", "only the following media types are accepted: application/json");
        if (result.Answer is { } answer)
            await WriteAnswerAsync(context, result.Code, answer);
        else
            await WriteObjectAsync(context, target, result.Code, result.Object);
    }

    /// <summary>Writes a subresource's answer as it is; a Scale as a Table where <c>kubectl get --subresource</c> asks for one.</summary>
    public Task WriteAnswerAsync(HttpContext context, int code, JsonObject answer) => context.Response.WriteAsync(
        code, MediaTypes.FormOf(context.Request) == ObjectForm.Table && answer.Text("kind") == "Scale" ? ScaleTable.Of(answer, server.Clock.GetUtcNow()) : answer);

    /// <summary>Writes an object.</summary>
    public Task WriteObjectAsync(HttpContext context, RequestTarget target, int code, Document document) => MediaTypes.FormOf(context.Request) switch
    {
        ObjectForm.Table => context.Response.WriteAsync(
            code, tables.Table(target.Resource, [document], QueryOptions.Text(context.Request.Query, "includeObject") ?? "Metadata", withColumns: true, null)),
        ObjectForm.Metadata => context.Response.WriteAsync(code, MetadataOf(document)),
        _ => context.Response.WriteAsync(code, InVersion(target, document).Utf8),
    };

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
        target.Resource.Custom is null && StoredType(target).GroupVersion == target.Resource.GroupVersion
            ? static document => document.AfterType
            : document => InVersion(target, document).AfterType;

    private ResourceType StoredType(in RequestTarget target) => server.Catalog.Stored(target.Resource.GroupResource) ?? target.Resource;
}
