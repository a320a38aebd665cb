using ClusterSim.Access;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>Answers paths that name no resource: discovery, OpenAPI, version, the issuer's keys.</summary>
internal interface IApiPathHandler
{
    /// <summary>Answers, or returns false where the path is not its own. Who asks was found out; whether they may is asked here already for GET.</summary>
    ValueTask<bool> TryHandleAsync(HttpContext context, UserInfo user);
}
