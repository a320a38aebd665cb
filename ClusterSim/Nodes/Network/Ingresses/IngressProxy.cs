using System.Net;
using System.Net.Http.Headers;
using ClusterSim.Http.Browsers;
using ClusterSim.Network.Services;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Network.Ingresses;

/// <summary>
/// Passes one request on, as ingress-nginx does:
/// <list type="number">
/// <item>a browser's request that another site's page made, or that names a host nobody gave the cluster: <c>403</c> (not of ingress-nginx);</item>
/// <item>the host's rules, then the path's: <c>404</c> where nobody answers; <c>308</c> to HTTPS where the host has a certificate;</item>
/// <item>the Service's endpoints: <c>503</c> where there are none;</item>
/// <item>one of them over the wire, as the controller's pod; another where it cannot be connected to, three at most: <c>502</c>, <c>504</c>;</item>
/// <item>headers and body as they come, both ways; an upgrade becomes a stream.</item>
/// </list>
/// </summary>
internal sealed class IngressProxy : IDisposable
{
    // ingress-nginx: proxy-next-upstream-tries.
    private const int TriesMax = 3;

    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    private readonly Wire _wire;
    private readonly IngressTable _table;
    private readonly IngressOptions _options;
    private readonly HttpMessageInvoker _upstream;
    private readonly BrowserCheck _browsers;

    /// <summary>A proxy whose connections are <paramref name="process"/>'s.</summary>
    public IngressProxy(Wire wire, WireProcess process, IngressTable table, IngressOptions options)
    {
        (_wire, _table, _options) = (wire, table, options);
        _browsers = new BrowserCheck(options.Browsers, "IngressOptions.Browsers") { Server = "the Ingress", IsNamed = table.Names, AllowsLinks = true };
        _upstream = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (context, cancellation) => process.DialAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation),
            ConnectTimeout = options.ConnectTimeout,
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        });
    }

    /// <summary>The local port of HTTPS, for redirects; 0 before it is known.</summary>
    public int HttpsPort { get; set; }

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (_browsers.Refuse(context.Request.Method, context.Request.IsHttps, context.Request.Host, context.Request.Headers) is { } refusal)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            context.Response.ContentType = "text/plain; charset=utf-8";
            context.Response.Headers.XContentTypeOptions = "nosniff";
            await context.Response.WriteAsync(refusal + "\n");
            return;
        }
        var host = _table.Find(context.Request.Host.Host);
        var backend = host?.Find(context.Request.Path.Value is { Length: > 0 } path ? path : "/")?.Backend ?? host?.Default;
        if (backend is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync("default backend - 404");
            return;
        }
        if (host!.RedirectsToTls && !context.Request.IsHttps)
        {
            context.Response.StatusCode = StatusCodes.Status308PermanentRedirect;
            context.Response.Headers.Location = $"https://{context.Request.Host.Host}:{HttpsPort}{context.Request.Path.ToUriComponent()}{context.Request.QueryString.ToUriComponent()}";
            return;
        }
        var endpoints = EndpointsOf(backend);
        if (endpoints.Count == 0)
        {
            await RefuseAsync(context, 503, "Service Temporarily Unavailable");
            return;
        }
        await ForwardAsync(context, endpoints);
    }

    /// <inheritdoc/>
    public void Dispose() => _upstream.Dispose();

    private IReadOnlyList<IPEndPoint> EndpointsOf(IngressBackend backend)
    {
        if (_wire.Services.Find(backend.Service) is not { } service)
            return [];
        var port = service.Ports.FirstOrDefault(candidate => backend.PortName is { } name ? candidate.Name == name : candidate.Port == backend.Port);
        return port is null ? [] : _wire.Proxy.Endpoints(service, port);
    }

    private async Task ForwardAsync(HttpContext context, IReadOnlyList<IPEndPoint> endpoints)
    {
        using var patience = new CancellationTokenSource(_options.ReadTimeout, _wire.Context.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.RequestAborted);
        var first = _wire.Context.Random.Next(endpoints.Count);
        for (var tries = 1; ; tries++)
        {
            using var request = RequestFor(context, endpoints[(first + tries - 1) % endpoints.Count]);
            try
            {
                using var response = await _upstream.SendAsync(request, either.Token);
                await AnswerAsync(context, response, patience, either.Token);
                return;
            }
            catch (HttpRequestException unreachable) when (
                unreachable.HttpRequestError == HttpRequestError.ConnectionError && tries < Math.Min(TriesMax, endpoints.Count) && !context.Response.HasStarted)
            {
                // Nothing was sent: another endpoint may answer.
            }
            catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or IOException)
            {
                await FailAsync(context, failure, patience.IsCancellationRequested);
                return;
            }
        }
    }

    private async Task FailAsync(HttpContext context, Exception failure, bool isLate)
    {
        if (context.RequestAborted.IsCancellationRequested)
            return;
        _wire.Context.Log.LogInformation(failure, "ingress: {Method} {Path} failed", context.Request.Method, context.Request.Path);
        if (context.Response.HasStarted)
            context.Abort();
        else if (isLate || failure is OperationCanceledException || failure.InnerException is TimeoutException or OperationCanceledException)
            await RefuseAsync(context, 504, "Gateway Time-out");
        else
            await RefuseAsync(context, 502, "Bad Gateway");
    }

    private static HttpRequestMessage RequestFor(HttpContext context, IPEndPoint endpoint)
    {
        var incoming = context.Request;
        var isUpgrade = context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true };
        var request = new HttpRequestMessage(
            new HttpMethod(incoming.Method), new Uri($"http://{endpoint}{incoming.PathBase.ToUriComponent()}{incoming.Path.ToUriComponent()}{incoming.QueryString.ToUriComponent()}"))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (!isUpgrade && context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            request.Content = new StreamContent(incoming.Body);
        foreach (var (name, values) in incoming.Headers)
        {
            if (HopByHop.Contains(name) || name.StartsWith(':') || (name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) && request.Content is null))
                continue;
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values.ToArray()!))
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string>)values.ToArray()!);
        }
        request.Headers.Host = incoming.Host.Value;
        var client = context.Connection.RemoteIpAddress?.ToString() ?? "";
        Set("X-Real-IP", client);
        Set("X-Forwarded-For", client);
        Set("X-Forwarded-Host", incoming.Host.Value ?? "");
        Set("X-Forwarded-Port", context.Connection.LocalPort.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Set("X-Forwarded-Proto", incoming.Scheme);
        Set("X-Forwarded-Scheme", incoming.Scheme);
        Set("X-Scheme", incoming.Scheme);
        if (isUpgrade)
        {
            request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", incoming.Headers.Upgrade.ToString());
        }
        return request;

        // A client's own word on where it comes from is not passed on, as ingress-nginx does unless told that a trusted proxy is before it.
        void Set(string name, string value)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    private async Task AnswerAsync(HttpContext context, HttpResponseMessage response, CancellationTokenSource patience, CancellationToken cancellation)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        context.Features.Get<IHttpResponseFeature>()!.ReasonPhrase = response.ReasonPhrase;
        Copy(response.Headers, context.Response.Headers);
        Copy(response.Content.Headers, context.Response.Headers);
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            context.Response.Headers.Upgrade = response.Headers.Upgrade.ToString();
            await using var outside = await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync();
            await using var inside = await response.Content.ReadAsStreamAsync(cancellation);
            patience.CancelAfter(Timeout.InfiniteTimeSpan);
            await Task.WhenAny(outside.CopyToAsync(inside, cancellation), inside.CopyToAsync(outside, cancellation));
            return;
        }
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[16 * 1024];
        while (true)
        {
            patience.CancelAfter(_options.ReadTimeout);
            var count = await body.ReadAsync(buffer.AsMemory(), cancellation);
            if (count == 0)
                break;
            await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private static void Copy(HttpHeaders from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from.NonValidated)
            if (!HopByHop.Contains(name))
                to[name] = values.ToArray();
    }

    private static async Task RefuseAsync(HttpContext context, int code, string reason)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "text/html";
        await context.Response.WriteAsync(
            $"<html>\r\n<head><title>{code} {reason}</title></head>\r\n<body>\r\n<center><h1>{code} {reason}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n");
    }
}
