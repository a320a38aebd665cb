using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ClusterSim.Streaming;

/// <summary>
/// Accepts a WebSocket whose subprotocol .NET does not take for one: kubectl's <c>SPDY/3.1+portforward.k8s.io</c> has a slash, which
/// RFC 6455 does not allow.
/// </summary>
internal static class WebSocketUpgrade
{
    // RFC 6455, section 1.3.
    private const string Guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    /// <summary>Accepts.</summary>
    /// <exception cref="KubernetesApiException">400: no upgrade is possible here (HTTP/2).</exception>
    public static async Task<WebSocket> AcceptAsync(HttpContext context, string protocol)
    {
        if (context.Features.Get<IHttpUpgradeFeature>() is not { IsUpgradableRequest: true } upgrade)
            throw KubernetesApiException.BadRequest("Upgrade request required");
        var key = context.Request.Headers.SecWebSocketKey.ToString();
#pragma warning disable CA5350 // The protocol's own choice; it secures nothing.
        context.Response.Headers.SecWebSocketAccept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + Guid)));
#pragma warning restore CA5350
        context.Response.Headers.SecWebSocketProtocol = protocol;
        context.Response.Headers.Connection = "Upgrade";
        context.Response.Headers.Upgrade = "websocket";
        return WebSocket.CreateFromStream(await upgrade.UpgradeAsync(), new WebSocketCreationOptions { IsServer = true });
    }
}
