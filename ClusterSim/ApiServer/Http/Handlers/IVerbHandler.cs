using ClusterSim.Requests;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Handlers;

/// <summary>Handles one verb of resources and of subresources that do not stream (<c>k8s.io/apiserver/pkg/endpoints/handlers</c>).</summary>
internal interface IVerbHandler
{
    /// <summary>Handles a request. The path is one that the resource has for this verb.</summary>
    Task HandleAsync(HttpContext context, RequestTarget target);
}
