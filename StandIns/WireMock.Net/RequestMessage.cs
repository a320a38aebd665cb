using System.Text;
using Microsoft.AspNetCore.Http;
using WireMock.Types;
using WireMock.Util;

namespace WireMock;

/// <summary>A request, read to its end.</summary>
public class RequestMessage : IRequestMessage
{
    private RequestMessage(HttpRequest request, byte[] body)
    {
        ClientIP = request.HttpContext.Connection.RemoteIpAddress?.ToString() ?? "";
        Host = request.Host.Host;
        Port = request.Host.Port ?? 80;
        Path = request.Path.Value ?? "/";
        RawQuery = request.QueryString.Value ?? "";
        Url = $"{request.Scheme}://{request.Host}{Path}{RawQuery}";
        DateTime = TimeProvider.System.GetUtcNow().UtcDateTime;
        Method = request.Method.ToUpperInvariant();
        HttpVersion = request.Protocol.Split('/')[^1];
        Headers = request.Headers.ToDictionary(header => header.Key, header => new WireMockList<string>(header.Value.Select(value => value ?? "")),
            StringComparer.OrdinalIgnoreCase);
        Query = request.Query.Count == 0 ? null : request.Query.ToDictionary(parameter => parameter.Key,
            parameter => new WireMockList<string>(parameter.Value.Select(value => value ?? "")), StringComparer.Ordinal);
        if (body.Length > 0)
            BodyData = Util.BodyData.Read(body);
    }

    /// <inheritdoc/>
    public string ClientIP { get; }

    /// <inheritdoc/>
    public string Url { get; }

    /// <inheritdoc/>
    public DateTime DateTime { get; }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public string Method { get; }

    /// <inheritdoc/>
    public string HttpVersion { get; }

    /// <inheritdoc/>
    public IDictionary<string, WireMockList<string>>? Headers { get; }

    /// <inheritdoc/>
    public IDictionary<string, WireMockList<string>>? Query { get; }

    /// <inheritdoc/>
    public string RawQuery { get; }

    /// <inheritdoc/>
    public IBodyData? BodyData { get; }

    /// <inheritdoc/>
    public string? Body => BodyData is { BodyAsBytes: { } bytes } ? Encoding.UTF8.GetString(bytes) : null;

    /// <inheritdoc/>
    public byte[]? BodyAsBytes => BodyData?.BodyAsBytes;

    /// <inheritdoc/>
    public string Host { get; }

    /// <inheritdoc/>
    public int Port { get; }

    /// <inheritdoc/>
    public WireMockList<string>? GetParameter(string key, bool ignoreCase = false) =>
        Query?.FirstOrDefault(parameter => string.Equals(parameter.Key, key, ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal)).Value;

    internal static async Task<RequestMessage> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellation);
        return new RequestMessage(request, body.ToArray());
    }
}
