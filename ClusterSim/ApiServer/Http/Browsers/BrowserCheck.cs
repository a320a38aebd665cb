using System.Net;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http.Browsers;

/// <summary>
/// Decides whether a request that a browser sends may be answered. A server on loopback is reached by every page that a browser on this machine
/// shows, so:
/// <list type="number">
/// <item>a caller without any header that browsers alone send is not a browser: it may do what it could do anyway;</item>
/// <item>the host has to be one of this machine or of the server, as a page can give a name of its own the address 127.0.0.1 (DNS rebinding);</item>
/// <item>the request has to be of the person or of the server's own pages (Fetch Metadata, else Origin), or of an allowed origin.</item>
/// </list>
/// </summary>
internal sealed class BrowserCheck
{
    private const string Any = "*";

    private readonly BrowserOptions _options;
    private readonly string _field;
    private readonly string _machine = Environment.MachineName;
    private readonly string _domainName = Dns.GetHostName();

    /// <summary>A check.</summary>
    /// <param name="options">What is allowed besides.</param>
    /// <param name="field">The option's name, for errors.</param>
    /// <exception cref="ArgumentException">An allowed origin is none.</exception>
    public BrowserCheck(BrowserOptions options, string field)
    {
        (_options, _field) = (options, field);
        foreach (var origin in options.AllowedOrigins)
            if (origin is not (Any or "null") && OriginOf(origin) != origin)
                throw new ArgumentException($"{field}.AllowedOrigins: found \"{origin}\", expected an origin such as http://localhost:3000, or *", nameof(options));
        foreach (var host in options.AllowedHosts)
            if (host != Any && (host.Length == 0 || host.AsSpan().IndexOfAny(":/ ") >= 0))
                throw new ArgumentException($"{field}.AllowedHosts: found \"{host}\", expected a name such as shop.example.com or *.example.com, without a port, or *", nameof(options));
    }

    /// <summary>What the server is called in errors.</summary>
    public required string Server { get; init; }

    /// <summary>Whether the server has a name besides those of this machine.</summary>
    public Func<string, bool> IsNamed { get; init; } = _ => false;

    /// <summary>Whether a link of another page may lead to the server. The page cannot read the answer, and it is not shown inside the page.</summary>
    public bool AllowsLinks { get; init; }

    /// <summary>Returns why a request is refused, with the header, the value found and the option; null where it is answered.</summary>
    /// <param name="method">The request's method.</param>
    /// <param name="isHttps">Whether it came over TLS.</param>
    /// <param name="host">The host that it names, with the port.</param>
    /// <param name="headers">Its headers.</param>
    public string? Refuse(string method, bool isHttps, HostString host, IHeaderDictionary headers)
    {
        if (!IsBrowser(headers))
            return null;
        if (!IsKnown(host.Host))
            return $"Host: found \"{host.Value}\", expected a name or address of this machine or a name of {_field}.AllowedHosts: browsers may not call {Server} by other names";
        if (IsOwn(method, isHttps, host, headers) || IsAllowed(headers))
            return null;
        var (name, found) = headers.Origin.Count > 0 ? ("Origin", headers.Origin)
            : headers.TryGetValue("Sec-Fetch-Site", out var site) ? ("Sec-Fetch-Site", site) : ("Referer", headers.Referer);
        var expected = name == "Sec-Fetch-Site" ? "same-origin" : $"{(isHttps ? "https" : "http")}://{host.Value}";
        return $"{name}: found \"{found}\", expected \"{expected}\" or an origin of {_field}.AllowedOrigins: pages of other origins may not call {Server}";
    }

    /// <summary>Returns the origin that a request names, where it is allowed by an option.</summary>
    public string? AllowedOrigin(IHeaderDictionary headers) =>
        headers.Origin.ToString() is { Length: > 0 } origin && IsAllowed(origin) ? origin : null;

    // Over plain HTTP to a name that is not localhost, a browser sends neither Sec-Fetch-Site nor, with GET, Origin. A page may set User-Agent
    // (Fetch standard), but cannot leave out Accept-Language.
    internal static bool IsBrowser(IHeaderDictionary headers) =>
        headers.Origin.Count > 0 || headers.AcceptLanguage.Count > 0 || headers.Referer.Count > 0
        || headers.UserAgent.ToString().StartsWith("Mozilla/", StringComparison.OrdinalIgnoreCase)
        || headers.ContainsKey("Sec-Fetch-Site") || headers.ContainsKey("Sec-Fetch-Mode");

    private bool IsKnown(string host)
    {
        var name = host.EndsWith('.') ? host[..^1] : host;
        return IsMachine(name) || IsNamed(name) || _options.AllowedHosts.Any(allowed => allowed == Any || Matches(allowed, name));
    }

    // An address is known: a browser that shows a page of a name sends the name.
    private bool IsMachine(string name) =>
        Same(name, "localhost") || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase) || IPAddress.TryParse(name, out _)
        || Same(name, _machine) || Same(name, _domainName);

    private bool IsOwn(string method, bool isHttps, HostString host, IHeaderDictionary headers)
    {
        var changesNothing = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        switch (headers["Sec-Fetch-Site"].ToString())
        {
            case "same-origin" or "none":
                return true;
            case "":
                break;
            default:
                return AllowsLinks && changesNothing && headers.Origin.Count == 0 && headers["Sec-Fetch-Mode"] == "navigate" && headers["Sec-Fetch-Dest"] == "document";
        }
        if (headers.Origin.Count > 0)
            return IsOrigin(headers.Origin.ToString(), isHttps, host);
        return changesNothing || headers.Referer.Count == 0 || IsOrigin(headers.Referer.ToString(), isHttps, host);
    }

    // The scheme is not compared: a port has one, and older WebSocket libraries name http where the address is wss.
    private static bool IsOrigin(string url, bool isHttps, HostString host) =>
        Uri.TryCreate(url, UriKind.Absolute, out var origin) && Same(origin.Host, host.Host)
        && origin.Port == (host.Port ?? (origin.IsDefaultPort ? origin.Port : isHttps ? 443 : 80));

    private bool IsAllowed(IHeaderDictionary headers) =>
        _options.AllowedOrigins.Count > 0 && (headers.Origin.Count > 0 ? IsAllowed(headers.Origin.ToString()) : IsAllowed(OriginOf(headers.Referer.ToString())));

    private bool IsAllowed(string? origin) => _options.AllowedOrigins.Any(allowed => allowed == Any || allowed == origin);

    private static string? OriginOf(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? $"{uri.Scheme}://{uri.Authority}" : null;

    private static bool Matches(string allowed, string name) =>
        allowed.StartsWith("*.", StringComparison.Ordinal) ? name.EndsWith(allowed[1..], StringComparison.OrdinalIgnoreCase) : Same(allowed, name);

    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}
