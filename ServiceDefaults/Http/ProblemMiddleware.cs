using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ServiceDefaults.Http;

/// <summary>
/// The outermost step of a request: what fails below answers with a problem, never with a stack trace or an empty body. A database that
/// is away is 503 with Retry-After; a request that Kestrel refuses keeps its status; anything else is 500 and logged.
/// </summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    [SuppressMessage("Design", "CA1031", Justification = "the last one to see it turns it into an answer")]
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller went away; nobody is left to answer.
            return;
        }
        catch (Exception fault) when (!context.Response.HasStarted)
        {
            context.Response.Clear();
            switch (fault)
            {
                case BadHttpRequestException bad:
                    await Problem.WriteAsync(context, bad.StatusCode, bad.Message);
                    break;
                case NpgsqlException or TimeoutException when DatabaseFaults.IsUnavailable(fault):
                    logger.LogWarning("The database is unavailable: {Reason}", fault.Message);
                    context.Response.Headers.RetryAfter = "1";
                    await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "the database is unavailable, try again");
                    break;
                default:
                    logger.LogError(fault, "{Method} {Path} failed", context.Request.Method, context.Request.Path.Value);
                    await Problem.WriteAsync(context, StatusCodes.Status500InternalServerError, "the service failed; its log says why, under the traceId");
                    break;
            }

            return;
        }

        if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentType: null, ContentLength: null })
            await Problem.WriteAsync(context, context.Response.StatusCode, Detail(context));
    }

    private static string? Detail(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"there is nothing at '{context.Request.Path}'; {OpenApiRoute.Path} tells what there is",
        StatusCodes.Status405MethodNotAllowed => $"{context.Request.Method} is not for '{context.Request.Path}', which takes {context.Response.Headers.Allow}",
        _ => null,
    };
}
