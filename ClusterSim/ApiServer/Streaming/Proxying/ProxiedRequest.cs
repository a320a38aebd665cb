using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ClusterSim.Streaming.Proxying;

/// <summary>
/// One request on its way through a proxy subresource (<c>UpgradeAwareHandler</c> of apimachinery): any method and body, with the headers that tell where it
/// came from and without those that are the API server's; the answer streamed back, its links leading through the proxy. An upgrade (WebSocket) is passed on.
/// </summary>
/// <param name="context">The client's request.</param>
/// <param name="server">Scheme, address and port of what is asked; a certificate of https is not checked, as Kubernetes does not.</param>
/// <param name="rest">The path behind <c>proxy/</c>; null where the URL ends with <c>proxy</c>.</param>
/// <param name="dial">Opens the connection.</param>
internal sealed class ProxiedRequest(HttpContext context, Uri server, string? rest, Func<CancellationToken, ValueTask<Stream>> dial)
{
    private const string Marker = "/proxy";

    private static readonly IReadOnlySet<string> HopByHop = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    /// <summary>Sends an empty path to one that ends with a slash, so that relative links lead on.</summary>
    public static void RedirectToSlash(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status301MovedPermanently;
        context.Response.Headers.Location = context.Request.Path + "/" + context.Request.QueryString;
    }

    /// <summary>Passes the request on, and the answer back.</summary>
    /// <exception cref="KubernetesApiException">503: nothing answers at the address.</exception>
    [SuppressMessage("Security", "CA5359", Justification = "kube-apiserver does not check the certificates of what it proxies to either: nobody could say which authority they are of.")]
    public async Task RunAsync()
    {
        if (rest is null && context.Request.Method is "GET" or "HEAD")
        {
            RedirectToSlash(context);
            return;
        }
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
            ConnectCallback = async (_, cancellation) => await dial(cancellation),
        };
        using var client = new HttpMessageInvoker(handler);
        var (prefix, path) = SplitPath();
        var uri = new Uri(server, path + context.Request.QueryString);
        using var request = Copy(uri, prefix);
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(request, context.RequestAborted);
        }
        catch (HttpRequestException unreachable)
        {
            var why = unreachable.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused }
                ? $"dial tcp {server.Authority}: connect: connection refused"
                : unreachable.InnerException?.Message ?? unreachable.Message;
            throw new KubernetesApiException(503, "ServiceUnavailable", $"error trying to reach service: {why}");
        }
        using (response)
        {
            if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
                await UpgradeAsync(response);
            else
                await WriteAsync(response, new ProxiedLinks(prefix, context.Request.Scheme, context.Request.Host.Value ?? "", uri));
        }
    }

    // As it was sent, since a path that was decoded cannot be put together again.
    private (string Prefix, string Path) SplitPath()
    {
        var raw = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0];
        // The name of an object holds no slash: the first "/proxy" behind it is the subresource.
        var resource = raw.Contains("/namespaces/", StringComparison.Ordinal) ? "/api/v1/namespaces/".Length : "/api/v1/".Length;
        var at = raw.IndexOf(Marker + "/", resource, StringComparison.Ordinal);
        return at < 0 ? (raw, "/") : (raw[..(at + Marker.Length)], raw[(at + Marker.Length)..]);
    }

    private HttpRequestMessage Copy(Uri uri, string prefix)
    {
        var from = context.Request;
        var copy = new HttpRequestMessage(new HttpMethod(from.Method), uri);
        if (from.ContentLength > 0 || from.Headers.TransferEncoding.Count > 0)
            copy.Content = new StreamContent(from.Body);
        foreach (var header in from.Headers)
        {
            // The caller's right to ask the API is not the pod's to see.
            if (HopByHop.Contains(header.Key) || header.Key.StartsWith(':') || header.Key is "Host" or "Authorization" || header.Key.StartsWith("Impersonate-", StringComparison.OrdinalIgnoreCase))
                continue;
            if (!copy.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value))
                copy.Content?.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value);
        }
        if (context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true })
        {
            copy.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            copy.Headers.TryAddWithoutValidation("Upgrade", from.Headers.Upgrade.ToString());
        }
        copy.Headers.TryAddWithoutValidation("X-Forwarded-For", context.Connection.RemoteIpAddress?.ToString());
        copy.Headers.TryAddWithoutValidation("X-Forwarded-Uri", prefix + uri.AbsolutePath);
        copy.Headers.TryAddWithoutValidation("X-Forwarded-Host", from.Host.Value);
        copy.Headers.TryAddWithoutValidation("X-Forwarded-Proto", from.Scheme);
        return copy;
    }

    private async Task WriteAsync(HttpResponseMessage response, ProxiedLinks links)
    {
        var isHtml = response.Content.Headers.ContentType?.MediaType == "text/html" && response.Content.Headers.ContentEncoding.Count == 0;
        CopyHead(response, header => header == "Content-Length" && isHtml);
        if (response.Headers.Location is { } location)
            context.Response.Headers.Location = links.Rewrite(location.OriginalString);
        if (isHtml && response.Headers.Location is null && context.Request.Method != "HEAD")
        {
            var page = Encoding.UTF8.GetBytes(links.RewriteHtml(await response.Content.ReadAsStringAsync(context.RequestAborted)));
            context.Response.ContentLength = page.Length;
            await context.Response.Body.WriteAsync(page, context.RequestAborted);
            return;
        }
        await using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        await body.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private void CopyHead(HttpResponseMessage response, Func<string, bool> isLeftOut)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var header in response.Headers.Concat(response.Content.Headers))
            if (!HopByHop.Contains(header.Key) && !isLeftOut(header.Key))
                context.Response.Headers[header.Key] = header.Value.ToArray();
    }

    private async Task UpgradeAsync(HttpResponseMessage response)
    {
        CopyHead(response, _ => false);
        context.Response.Headers.Upgrade = response.Headers.Upgrade.ToString();
        await using var outer = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        await using var inner = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        var ways = new[] { CopyAsync(outer, inner, over.Token), CopyAsync(inner, outer, over.Token) };
        await Task.WhenAny(ways);
        await over.CancelAsync();
        await Task.WhenAll(ways);
    }

    private static async Task CopyAsync(Stream from, Stream to, CancellationToken over)
    {
        try
        {
            await from.CopyToAsync(to, over);
        }
        catch (Exception ended) when (ended is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One end has gone; so goes the other.
        }
    }
}
