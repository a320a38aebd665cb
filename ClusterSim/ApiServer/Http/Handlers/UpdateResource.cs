using ClusterSim.Registry;
using ClusterSim.Requests;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Handles <c>update</c>.</summary>
internal sealed class UpdateResource(ApiServer server, RequestBody body, ObjectResponse response) : IVerbHandler
{
    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target)
    {
        var options = QueryOptions.ReadWrite(context.Request, "UpdateOptions");
        var decoded = await body.DecodeObjectAsync(context, target, options.FieldValidation);
        var result = server.Update(target, decoded.Object, options);
        await response.WriteResultAsync(context, target, result, decoded.Warnings);
    }
}
