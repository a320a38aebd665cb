using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace ServiceDefaults.Http;

/// <summary>
/// Routes that read and write by hand (a <see cref="RequestDelegate"/>: nothing to compile at start, nothing bound by reflection), and what
/// the OpenAPI document says of them; ASP.NET Core's own extensions want a handler whose parameters it binds.
/// </summary>
public static class RouteDescription
{
    /// <summary>Maps a route that the OpenAPI document shows.</summary>
    /// <param name="routes">Where.</param>
    /// <param name="method">The verb, such as <c>POST</c>.</param>
    /// <param name="pattern">The path.</param>
    /// <param name="name">The operation's id: unique within the service.</param>
    /// <param name="summary">One sentence.</param>
    /// <param name="handler">What answers.</param>
    public static IEndpointConventionBuilder MapDescribed(
        this IEndpointRouteBuilder routes, string method, string pattern, string name, string summary, RequestDelegate handler) =>
        routes.MapMethods(pattern, [method], handler).WithMetadata(handler.Method).WithName(name).WithSummary(summary);

    /// <summary>
    /// Takes a body shaped as <typeparamref name="T"/>. Routing refuses other content types with 415, so name <c>*/*</c> among them where any will do.
    /// </summary>
    public static IEndpointConventionBuilder Takes<T>(this IEndpointConventionBuilder route, params string[] contentTypes) =>
        route.WithMetadata(new AcceptsMetadata(contentTypes is [] ? ["application/json"] : contentTypes, typeof(T), isOptional: false));

    /// <summary>Takes a parameter from the path (<c>{name}</c> in the pattern).</summary>
    public static IEndpointConventionBuilder TakesPath(this IEndpointConventionBuilder route, string name, string description) =>
        route.Parameter(name, ParameterLocation.Path, JsonSchemaType.String, description);

    /// <summary>Takes an optional parameter from the query.</summary>
    public static IEndpointConventionBuilder TakesQuery(this IEndpointConventionBuilder route, string name, JsonSchemaType type, string description) =>
        route.Parameter(name, ParameterLocation.Query, type, description);

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

    private static IEndpointConventionBuilder Parameter(
        this IEndpointConventionBuilder route, string name, ParameterLocation location, JsonSchemaType type, string description) =>
        route.WithMetadata(new DescribedParameter(name, location, type, description));
}

/// <summary>A parameter of a route, for the OpenAPI document.</summary>
internal sealed record DescribedParameter(string Name, ParameterLocation Location, JsonSchemaType Type, string Description);
