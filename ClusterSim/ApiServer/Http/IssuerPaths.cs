using ClusterSim.Access;
using ClusterSim.Access.Tokens;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>Serves the service-account issuer's discovery document and keys.</summary>
internal sealed class IssuerPaths(IssuerDiscovery discovery) : IApiPathHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext context, UserInfo user)
    {
        if (!HttpMethods.IsGet(context.Request.Method) || discovery.Answer(context.Request.Path.Value ?? "") is not var (type, body))
            return false;
        context.Response.ContentType = type;
        // As kube-apiserver: keys may be cached for an hour.
        context.Response.Headers.CacheControl = "public, max-age=3600";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
        return true;
    }
}
