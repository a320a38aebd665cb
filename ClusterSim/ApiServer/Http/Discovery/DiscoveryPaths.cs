using ClusterSim.Access;
using ClusterSim.Schema;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace ClusterSim.Http.Discovery;

/// <summary>
/// Tells clients which groups, versions and resources there are: <c>/api</c>, <c>/apis</c>, each group, each version; and the same in one
/// answer where the client accepts <c>apidiscovery.k8s.io</c> (aggregated discovery, v2). Made from the catalog at each request, so that
/// custom resources come and go.
/// </summary>
internal sealed class DiscoveryPaths(ResourceCatalog catalog) : IApiPathHandler
{
    private const string AggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext context, UserInfo user)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
            return false;
        var path = (context.Request.Path.Value ?? "/").TrimEnd('/').Split('/')[1..];
        if (path is ["api"] or ["apis"] && WantsAggregated(context.Request))
        {
            context.Response.Headers.Vary = "Accept";
            await context.Response.WriteAsync(200, DiscoveryDocuments.Aggregated(catalog, core: path is ["api"]), AggregatedType);
            return true;
        }
        var answer = path switch
        {
            ["api"] => DiscoveryDocuments.CoreVersions(context.Request.Host.Value),
            ["apis"] => DiscoveryDocuments.Groups(catalog),
            ["api", var version] => DiscoveryDocuments.Resources(catalog, new GroupVersion("", version)),
            ["apis", var group] => DiscoveryDocuments.Group(catalog, group),
            ["apis", var group, var version] => DiscoveryDocuments.Resources(catalog, new GroupVersion(group, version)),
            _ => null,
        };
        if (answer is null)
            return false;
        await context.Response.WriteAsync(200, answer);
        return true;
    }

    private static bool WantsAggregated(HttpRequest request)
    {
        foreach (var type in request.GetTypedHeaders().Accept)
        {
            if (type.MediaType == "application/json" && Parameter(type, "g") == "apidiscovery.k8s.io" && Parameter(type, "as") == "APIGroupDiscoveryList" && Parameter(type, "v") == "v2")
                return true;
            // What is accepted without these parameters and before them is preferred.
            if (type.Parameters.All(parameter => parameter.Name == "q") && type.MediaType.ToString() is "application/json" or "*/*")
                return false;
        }
        return false;
    }

    private static string? Parameter(MediaTypeHeaderValue type, string name) =>
        type.Parameters.FirstOrDefault(parameter => parameter.Name == name)?.Value.ToString();
}
