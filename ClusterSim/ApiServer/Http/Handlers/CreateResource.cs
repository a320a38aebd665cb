using ClusterSim.Registry;
using ClusterSim.Requests;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Handles <c>create</c>.</summary>
internal sealed class CreateResource(ApiServer server, RequestBody body, ObjectResponse response) : IVerbHandler
{
    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var options = QueryOptions.ReadWrite(context.Request, "CreateOptions");
        var decoded = await body.DecodeObjectAsync(context, target, options.FieldValidation);
        var result = server.Create(target, decoded.Object, options);
        await response.WriteResultAsync(context, target, result, decoded.Warnings);
    }
}
