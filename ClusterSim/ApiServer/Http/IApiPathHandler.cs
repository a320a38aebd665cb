using ClusterSim.Access;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>Answers paths that name no resource: discovery, OpenAPI, version, the issuer's keys.</summary>
internal interface IApiPathHandler
{
    /// <summary>Answers the request, or returns false where the path belongs to another handler. The caller is authenticated; GET is authorized already.</summary>
    ValueTask<bool> TryHandleAsync(HttpContext context, UserInfo user);
}
