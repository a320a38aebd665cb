using ClusterSim.Registry;
using ClusterSim.Requests;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Handles <c>delete</c>.</summary>
internal sealed class DeleteResource(ApiServer server, RequestBody body, ObjectResponse response) : IVerbHandler
{
    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var options = await body.ReadDeleteOptionsAsync(context);
        await response.WriteResultAsync(context, target, server.Delete(target, options), []);
    }
}
