using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;

namespace ClusterSim.Http;

/// <summary>The API server's HTTPS listener on loopback.</summary>
internal sealed class ApiHttpServer : IAsyncDisposable
{
    // Past the 3 MiB that a body may have, so much more is read and dropped: who is still writing when the connection is cut sees no answer.
    private const long BodyBytesMax = 16 * 1024 * 1024;

    private readonly WebApplication _host;

    private ApiHttpServer(WebApplication host, Uri url)
    {
        _host = host;
        Url = url;
    }

    /// <summary>Where it listens, as <c>https://127.0.0.1:port</c>.</summary>
    public Uri Url { get; }

    /// <summary>Starts to listen.</summary>
    /// <param name="handler">What answers.</param>
    /// <param name="certificate">Its serving certificate, with the key.</param>
    /// <param name="port">The port; 0 for any that is free.</param>
    /// <param name="cancellation">Gives up starting.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ApiHttpServer> StartAsync(ApiHandler handler, X509Certificate2 certificate, int port, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.Services.AddLogging();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = BodyBytesMax;
            // Watches are silent for long, exec and port-forward wait for people: no minimum rates, and many streams a connection.
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 2000;
            kestrel.Listen(IPAddress.Loopback, port, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = certificate;
                    https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
                    // Whose certificates count is the authenticator's to say, and it answers 401, not a broken handshake.
                    https.AllowAnyClientCertificate();
                });
            });
        });
        var host = builder.Build();
        host.UseWebSockets();
        host.Run(handler.HandleAsync);
        await host.StartAsync(cancellation);
        var address = host.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First();
        return new ApiHttpServer(host, new Uri(address));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _host.StopAsync(now.Token);
        await _host.DisposeAsync();
    }
}
