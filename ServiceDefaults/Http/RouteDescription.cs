using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;

namespace ServiceDefaults.Http;

/// <summary>
/// What the OpenAPI document says of a route that reads and writes by hand (a <see cref="RequestDelegate"/>; ASP.NET Core's own extensions
/// want a handler whose parameters it binds).
/// </summary>
public static class RouteDescription
{
    /// <summary>Takes a body shaped as <typeparamref name="T"/>.</summary>
    public static IEndpointConventionBuilder Takes<T>(this IEndpointConventionBuilder route, bool optional = false) =>
        route.WithMetadata(new AcceptsMetadata(["application/json"], typeof(T), optional));

    /// <summary>Answers with a body shaped as <typeparamref name="T"/>.</summary>
    public static IEndpointConventionBuilder Answers<T>(this IEndpointConventionBuilder route, int status = StatusCodes.Status200OK) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(T), ["application/json"]));

    /// <summary>Answers with <c>application/problem+json</c> and each of these statuses.</summary>
    public static IEndpointConventionBuilder AnswersProblem(this IEndpointConventionBuilder route, params int[] statuses)
    {
        foreach (var status in statuses)
            route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(ProblemDetails), ["application/problem+json"]));
        return route;
    }
}
