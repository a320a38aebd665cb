using ClusterSim.Requests;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>A subresource that streams: log, exec, attach, portforward, proxy.</summary>
internal interface IStreamingSubresource
{
    /// <summary>Answers. Authorization is its own to ask, since the verb depends on the request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="target">The object.</param>
    /// <param name="rest">The path behind the subresource; null where there is none.</param>
    Task HandleAsync(HttpContext context, RequestTarget target, string? rest);
}
