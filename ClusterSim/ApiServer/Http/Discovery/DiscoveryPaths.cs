using ClusterSim.Access;
using ClusterSim.Schema;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ClusterSim.Http.Discovery;

/// <summary>
/// Tells clients which groups, versions and resources there are: <c>/api</c>, <c>/apis</c>, each group, each version; and the same in one
/// answer where the client accepts <c>apidiscovery.k8s.io</c> (aggregated discovery, v2). Made from the catalog at each request, so that
/// custom resources come and go.
/// </summary>
internal sealed class DiscoveryPaths(ResourceCatalog catalog) : IApiPathHandler
{
    private const string AggregatedParameters = ";g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext context, UserInfo user)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
            return false;
        var path = (context.Request.Path.Value ?? "/").TrimEnd('/').Split('/')[1..];
        if (path is ["api"] or ["apis"] && Aggregated(context.Request) is { } encoding)
        {
            context.Response.Headers.Vary = "Accept";
            var document = DiscoveryDocuments.Aggregated(catalog, core: path is ["api"]).ToUtf8();
            await context.Response.WriteAsync(
                200, context.Features.GetRequiredFeature<AnswerEncoder>().Encode(document, encoding), OutputMediaType.NameOf(encoding) + AggregatedParameters);
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
        await context.Response.WriteNegotiatedAsync(200, answer);
        return true;
    }

    /// <summary>What the client prefers the aggregated form in; null where it prefers another.</summary>
    private static AnswerEncoding? Aggregated(HttpRequest request)
    {
        foreach (var clause in AcceptHeader.Parse(request.Headers.Accept.ToString()))
        {
            var isPlain = clause.Parameter("as") is null && clause.Parameter("g") is null && clause.Parameter("v") is null;
            if (isPlain && (clause.Matches("application", "json") || clause.Matches("application", "yaml") || clause.Matches("application", "vnd.kubernetes.protobuf")))
                return null;
            if (clause.Parameter("g") != "apidiscovery.k8s.io" || clause.Parameter("as") != "APIGroupDiscoveryList" || clause.Parameter("v") != "v2")
                continue;
            foreach (var encoding in (ReadOnlySpan<AnswerEncoding>)[AnswerEncoding.Json, AnswerEncoding.Yaml, AnswerEncoding.Protobuf])
                if (clause.Matches("application", OutputMediaType.NameOf(encoding)["application/".Length..]))
                    return encoding;
        }
        return null;
    }
}
