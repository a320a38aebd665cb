using ClusterSim.Registry;
using ClusterSim.Requests;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Handles <c>get</c>.</summary>
internal sealed class GetResource(ApiServer server, ObjectResponse response) : IVerbHandler
{
    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        if (target.Subresource is { } name && server.Subresource(target.Resource.GroupResource, name) is { } special)
        {
            server.Authorize(target, "get");
            await response.WriteAnswerAsync(context, 200, special.Get(target));
            return;
        }
        var document = server.Get(target);
        ResourceVersions.Check(QueryOptions.Text(context.Request.Query, "resourceVersion"), document);
        await response.WriteObjectAsync(context, target, 200, document);
    }
}
