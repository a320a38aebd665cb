using Microsoft.AspNetCore.Http;

namespace ClusterSim.Access;

/// <summary>Finds out who sends a request: client certificate, bearer token, impersonation.</summary>
internal interface IAuthenticator
{
    /// <summary>Who it is; <see cref="UserInfo.Anonymous"/> where the request does not say.</summary>
    /// <exception cref="KubernetesApiException">401: what it says is not true; 403: it may not impersonate.</exception>
    UserInfo Authenticate(HttpContext context);
}
