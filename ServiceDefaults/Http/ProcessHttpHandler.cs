using Processes;

namespace ServiceDefaults.Http;

/// <summary>The way out over HTTP: connections go through the process's own network.</summary>
public static class ProcessHttpHandler
{
    /// <summary>
    /// A handler that dials through <see cref="IProcessNetwork.DialAsync"/>, ignores the machine's proxy settings, keeps no cookies, follows
    /// no redirects, and passes the trace context on. Connections are renewed every two minutes, so that a Service's new endpoints get their share.
    /// </summary>
    public static SocketsHttpHandler Create(ServiceProcess process, TimeSpan connectTimeout) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = connectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectCallback = (context, cancellation) => process.Network.DialAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancellation),
    };
}
