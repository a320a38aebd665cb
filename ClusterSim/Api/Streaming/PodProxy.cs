using System.Globalization;
using System.Net.Sockets;
using ClusterSim.Api.Http;
using ClusterSim.Json;
using ClusterSim.Nodes;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Api.Streaming;

/// <summary>
/// <c>pods/proxy</c>: an HTTP request to one pod, past Services and policies, as the API server itself makes it. The name is
/// <c>[scheme:]pod[:port]</c>; without a port it is the first that a container declares.
/// </summary>
internal sealed class PodProxy(ApiServer server, IKubelets kubelets) : IStreamingSubresource
{
    private static readonly IReadOnlySet<string> HopByHop = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    /// <inheritdoc/>
    public async Task HandleAsync(HttpContext context, RequestTarget target, string? rest)
    {
        var (scheme, name, port) = Split(target.Name ?? "");
        var named = target with { Name = name };
        server.Authorize(named, VerbOf(context.Request.Method));
        var pod = server.Require(named);
        if (scheme == "https")
            throw ApiException.BadRequest("proxying to a pod over https is not supported by the simulated cluster");
        var number = PortOf(pod, port);
        var kubelet = Streams.KubeletOf(kubelets, pod);

        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectCallback = async (_, cancellation) => await kubelet.DialAsync(pod, number, cancellation),
        };
        using var client = new HttpMessageInvoker(handler);
        using var request = Copy(context.Request, new UriBuilder("http", pod.Status.At("podIP").Text("pod"), number, "/" + rest, QueryOf(context.Request)).Uri);
        HttpResponseMessage response;
        try
        {
            response = await client.SendAsync(request, context.RequestAborted);
        }
        catch (HttpRequestException unreachable)
        {
            var why = unreachable.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } ? "connection refused" : unreachable.Message;
            throw new ApiException(503, "ServiceUnavailable", $"error trying to reach service: dial tcp {pod.Status.At("podIP").Text()}:{number}: connect: {why}");
        }
        using (response)
            await WriteAsync(response, context);
    }

    private static string VerbOf(string method) => method switch
    {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        _ => "get",
    };

    private static (string Scheme, string Name, string? Port) Split(string name) => name.Split(':') switch
    {
        [var pod] => ("http", pod, null),
        [var pod, var port] => ("http", pod, port.Length == 0 ? null : port),
        [var scheme, var pod, var port] => (scheme.Length == 0 ? "http" : scheme, pod, port.Length == 0 ? null : port),
        _ => throw ApiException.BadRequest($"invalid pod request \"{name}\""),
    };

    private static int PortOf(Document pod, string? asked)
    {
        var ports = pod.Spec.At("containers").Items().SelectMany(container => container.At("ports").Items()).ToList();
        if (asked is null)
            return ports.Count > 0 ? ports[0].At("containerPort").Integer(80) : 80;
        if (int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return number;
        var declared = ports.FirstOrDefault(port => port.At("name").Text() == asked);
        return declared.Exists() ? declared.At("containerPort").Integer(0) : throw ApiException.BadRequest($"invalid port \"{asked}\" of pod {pod.Name}");
    }

    private static string QueryOf(HttpRequest request) => request.QueryString.HasValue ? request.QueryString.Value! : "";

    private static HttpRequestMessage Copy(HttpRequest request, Uri uri)
    {
        var copy = new HttpRequestMessage(new HttpMethod(request.Method), uri);
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)
            copy.Content = new StreamContent(request.Body);
        foreach (var header in request.Headers)
        {
            // The caller's right to ask the API is not the pod's to see.
            if (HopByHop.Contains(header.Key) || header.Key is "Host" or "Authorization")
                continue;
            if (!copy.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value))
                copy.Content?.Headers.TryAddWithoutValidation(header.Key, (IEnumerable<string?>)header.Value);
        }
        return copy;
    }

    private static async Task WriteAsync(HttpResponseMessage response, HttpContext context)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var header in response.Headers.Concat(response.Content.Headers))
            if (!HopByHop.Contains(header.Key))
                context.Response.Headers[header.Key] = header.Value.ToArray();
        await using var body = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        await body.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
