using ClusterSim.Access;
using ClusterSim.Http;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.OpenApi;

/// <summary>
/// <c>/openapi/v3</c>: the index, and one document a group and version; <c>/openapi/v2</c>: all in one, also in protobuf, which
/// kubectl before 1.27 insists on (it asks for v3 in JSON since). A client that takes neither is told so.
/// </summary>
internal sealed class OpenApiPaths(OpenApiDocuments documents) : IApiPathHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext context, UserInfo user)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
            return false;
        var path = (context.Request.Path.Value ?? "/").TrimEnd('/').Split('/')[1..];
        var answer = path switch
        {
            ["openapi", "v2"] => documents.V2(),
            ["openapi", "v3"] => documents.Index(),
            ["openapi", "v3", "api", var version] => documents.V3(new GroupVersion("", version)),
            ["openapi", "v3", "apis", var group, var version] => documents.V3(new GroupVersion(group, version)),
            _ => default,
        };
        if (answer.IsEmpty)
            return false;
        var accepted = context.Request.GetTypedHeaders().Accept;
        if (path is ["openapi", "v2"] && OpenApiProtobuf.IsPreferred(context.Request.Headers.Accept.ToString()))
        {
            await context.Response.WriteAsync(200, documents.V2Protobuf(), OpenApiProtobuf.MediaType);
            return true;
        }
        if (accepted.Count > 0 && !accepted.Any(type => type.MediaType.ToString() is "application/json" or "application/*" or "*/*"))
            throw new KubernetesApiException(406, "NotAcceptable", "only the following media types are accepted: application/json");
        await context.Response.WriteAsync(200, answer);
        return true;
    }
}
