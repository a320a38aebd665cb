using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ClusterSim.Streaming.Spdy;

/// <summary>Turns an HTTP/1.1 request into a SPDY connection.</summary>
internal static class SpdyUpgrade
{
    private const string ProtocolHeader = "X-Stream-Protocol-Version";

    /// <summary>Accepts, if the client offers <paramref name="protocol"/> for the streams.</summary>
    /// <exception cref="KubernetesApiException">400 or 403.</exception>
    public static async Task<SpdyConnection> AcceptAsync(HttpContext context, string protocol)
    {
        var offered = context.Request.Headers[ProtocolHeader].SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)).ToList();
        if (!offered.Contains(protocol))
            throw new KubernetesApiException(403, "Forbidden", $"unable to upgrade: unable to negotiate protocol: client supports [{string.Join(' ', offered)}], server accepts [{protocol}]");
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
            throw KubernetesApiException.BadRequest("Upgrade request required");
        context.Response.Headers[ProtocolHeader] = protocol;
        context.Response.Headers.Upgrade = "SPDY/3.1";
        context.Response.Headers.Connection = "Upgrade";
        return new SpdyConnection(await upgrade.UpgradeAsync());
    }
}
