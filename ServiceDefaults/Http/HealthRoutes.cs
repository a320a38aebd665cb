using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using ServiceDefaults.Data;

namespace ServiceDefaults.Http;

/// <summary>
/// What probes ask. <c>/healthz</c> and <c>/liveness</c>: the process serves requests, whatever its surroundings do (a missing database
/// must not restart pods). <c>/readiness</c>: the database, and nothing else that another service could take away. Open to everybody.
/// </summary>
internal static class HealthRoutes
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        var readiness = routes.ServiceProvider.GetRequiredService<DatabaseReadiness>();
        Map("/healthz", Alive);
        Map("/liveness", Alive);
        Map("/readiness", ReadyAsync);

        // HEAD too: what balances loads outside a cluster often asks with it.
        void Map(string path, RequestDelegate answer) =>
            routes.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], answer).ExcludeFromDescription().AllowAnonymous();

        static Task Alive(HttpContext context) => SayAsync(context, "ok");

        async Task ReadyAsync(HttpContext context)
        {
            if (await readiness.CheckAsync(context.RequestAborted) is { } fault)
                await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, fault);
            else
                await SayAsync(context, "ready");
        }
    }

    private static Task SayAsync(HttpContext context, string text)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(text, context.RequestAborted);
    }
}
