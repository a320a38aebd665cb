using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using WireMock.ResponseBuilders;
using WireMock.Util;

namespace WireMock.Server;

/// <summary>Writes an answer. As in the real server, a Content-Length that was set counts only for an answer without a body.</summary>
internal static class Wire
{
    private static readonly HashSet<string> OfTheServer = new(StringComparer.OrdinalIgnoreCase) { "Connection", "Transfer-Encoding", "Date", "Keep-Alive", "Upgrade" };

    internal static async Task WriteAsync(HttpContext context, IResponseMessage message)
    {
        var body = Spoil(message, BodyData.Write(message.BodyData));
        context.Response.StatusCode = message.StatusCode switch
        {
            null => 200,
            HttpStatusCode status => (int)status,
            var status => int.Parse(status.ToString()!, CultureInfo.InvariantCulture),
        };
        foreach (var (name, values) in message.Headers ?? new Dictionary<string, Types.WireMockList<string>>(StringComparer.Ordinal))
        {
            if (OfTheServer.Contains(name) || (body is not null && name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)))
                continue;
            context.Response.Headers.Append(name, values.ToArray());
        }

        if (body is not null)
            await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static byte[]? Spoil(IResponseMessage message, byte[]? body)
    {
        if (message.FaultType == FaultType.NONE || (message.FaultPercentage is { } chance && RandomNumberGenerator.GetInt32(1_000_000) > chance * 1_000_000))
            return body;
        return message.FaultType == FaultType.EMPTY_RESPONSE ? [] : [.. (body ?? [])[..((body?.Length ?? 0) / 2)], .. RandomNumberGenerator.GetBytes(100)];
    }
}
