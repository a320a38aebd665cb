using System.Globalization;
using Microsoft.AspNetCore.Authorization;
using ServiceDefaults.Http;

namespace PaymentProvider.Access;

/// <summary>
/// Asks who calls, before anything else is done: 401 for who does not say or prove it, 403 for who may not, 503 while nobody's token can be
/// checked. Health is open to all; unknown paths are not.
/// </summary>
internal sealed class CallerCheck(RequestDelegate next, AccessSettings settings, CallerTokens tokens, ILogger<CallerCheck> logger)
{
    private const string Scheme = "Bearer ";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            await next(context);
            return;
        }

        if (context.Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Problem.WriteAsync(context, StatusCodes.Status401Unauthorized,
                $"callers say who they are: Authorization: Bearer with a service-account token for the audience '{settings.Audience}'");
            return;
        }

        var verdict = await tokens.ReadAsync(header[Scheme.Length..].Trim(), context.RequestAborted);
        switch (verdict.Kind)
        {
            case CallerVerdictKind.Known when settings.Allowed.Contains(verdict.Caller!):
                await next(context);
                break;
            case CallerVerdictKind.Known:
                logger.LogWarning("{Caller} may not call, and did", verdict.Caller);
                await Problem.WriteAsync(context, StatusCodes.Status403Forbidden, $"'{verdict.Caller}' may not call the payment provider");
                break;
            case CallerVerdictKind.Unknown:
                context.Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\"";
                await Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, verdict.Reason);
                break;
            default:
                // Nothing is wrong with the caller: it shall try again, not give up.
                context.Response.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(verdict.RetryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
                await Problem.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, $"callers cannot be checked now: {verdict.Reason}");
                break;
        }
    }
}
