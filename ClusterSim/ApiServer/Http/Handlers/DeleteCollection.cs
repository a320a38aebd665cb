using ClusterSim.Registry;
using ClusterSim.Requests;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Handles <c>deletecollection</c>.</summary>
internal sealed class DeleteCollection(ApiServer server, RequestBody body, ObjectResponse response) : IVerbHandler
{
    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var media = ObjectResponse.MediaTypeOf(context, target);
        var options = await body.ReadDeleteOptionsAsync(context);
        var deleted = server.DeleteCollection(target, QueryOptions.ReadList(context.Request.Query), options);
        await context.Response.WriteListAsync(
            target.Resource, new ListResult(deleted, server.Store.Revision, null, null), response.ItemOf(target), media.Encoding);
    }
}
