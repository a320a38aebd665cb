using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Tables;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Handles <c>list</c>.</summary>
internal sealed class ListResource(ApiServer server, ITables tables, ObjectResponse response) : IVerbHandler
{
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

    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var media = ObjectResponse.MediaTypeOf(context, target);
        var options = QueryOptions.ReadList(context.Request.Query);
        await ResourceVersions.WaitAsync(server, options, context.RequestAborted);
        var list = server.List(target, options);
        switch (media.Form)
        {
            case ObjectForm.Table:
                var include = QueryOptions.IncludeObject(context.Request.Query);
                await context.Response.WriteEncodedAsync(200, tables.Table(target.Resource, list.Items, include, withColumns: true, list).ToUtf8(), media.Encoding);
                break;
            case ObjectForm.Metadata:
                await context.Response.WriteListAsync(
                    PartialList, list, document => ObjectResponse.MetadataOf(document).ToUtf8().AsMemory(1), media.Encoding);
                break;
            default:
                await context.Response.WriteListAsync(target.Resource, list, response.ItemOf(target), media.Encoding);
                break;
        }
    }
}
