using ClusterSim.Access;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Api.Http;

/// <summary>Answers paths that name no resource: discovery, OpenAPI, version, the issuer's keys.</summary>
internal interface IApiPathHandler
{
    /// <summary>Answers, or returns false where the path is not its own. Who asks was found out; whether they may is asked here already for GET.</summary>
    ValueTask<bool> TryHandleAsync(HttpContext context, UserInfo user);
}

/// <summary>A subresource that streams: log, exec, attach, portforward, proxy.</summary>
internal interface IStreamingSubresource
{
    /// <summary>Answers. Authorization is its own to ask, since the verb depends on the request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="target">The object.</param>
    /// <param name="rest">The path behind the subresource; null where there is none.</param>
    Task HandleAsync(HttpContext context, RequestTarget target, string? rest);
}

/// <summary>Turns objects into rows.</summary>
internal interface ITables
{
    /// <summary>A Table of the objects. <paramref name="includeObject"/>: None, Metadata or Object.</summary>
    System.Text.Json.Nodes.JsonObject Table(
        Schema.ResourceType resource, IReadOnlyList<Storage.Document> items, string includeObject, bool withColumns, ListResult? list);
}
