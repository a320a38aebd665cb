using System.Buffers.Binary;
using System.Net;
using System.Text;
using ClusterSim.Nodes.Containers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>
/// <c>agnhost grpc-health-checking</c>: serves <c>grpc.health.v1.Health/Check</c> over h2c, and over HTTP the switches <c>/make-serving</c> and
/// <c>/make-not-serving</c>.
/// </summary>
/// <param name="process">The process.</param>
/// <param name="service">The service it knows; empty for the server as a whole.</param>
internal sealed class AgnhostGrpcHealth(ServiceProcess process, string service)
{
    private const int PrefixBytes = 5; // a flag and the length
    private const byte Serving = 1;
    private const byte NotServing = 2;

    private volatile byte _status = Serving;

    /// <summary>Serves until SIGTERM.</summary>
    public async Task<int> RunAsync(int port, int httpPort, int secondsUntilUnhealthy)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Any, port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton<IConnectionListenerFactory>(process.Network.Listener!);
        await using var grpc = builder.Build();
        grpc.Run(AnswerAsync);
        await grpc.StartAsync(process.Stop);
        if (secondsUntilUnhealthy >= 0)
            _ = TurnUnhealthyAsync(secondsUntilUnhealthy);
        await new HttpResponder(process, request => ValueTask.FromResult(Switch(request.Path))).ServeAsync(httpPort);
        return ContainerExit.Terminated;
    }

    private SimulatedResponse Switch(string path)
    {
        if (path is not ("/make-serving" or "/make-not-serving"))
            return SimulatedResponse.Of(404, "404 page not found\n");
        _status = path == "/make-serving" ? Serving : NotServing;
        return SimulatedResponse.Of(200, "");
    }

    private async Task TurnUnhealthyAsync(int seconds)
    {
        await Task.Delay(TimeSpan.FromSeconds(seconds), process.Clock, process.Stop);
        _status = NotServing;
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        context.Response.ContentType = "application/grpc";
        if (context.Request.Path != "/grpc.health.v1.Health/Check")
            End(12, $"unknown method {context.Request.Path}");
        else if (Asked(body.GetBuffer().AsSpan(0, (int)body.Length)) != service)
            End(5, "unknown service");
        else
        {
            await context.Response.Body.WriteAsync(Message(0x08, _status), context.RequestAborted);
            End(0, "");
        }

        void End(int status, string message)
        {
            context.Response.AppendTrailer("grpc-status", $"{status}");
            if (message.Length > 0)
                context.Response.AppendTrailer("grpc-message", Uri.EscapeDataString(message));
        }
    }

    // Field 1 of the request, a string; absent where it is empty.
    private static string Asked(ReadOnlySpan<byte> request) =>
        request.Length > PrefixBytes + 2 && request[PrefixBytes] == 0x0a ? Encoding.UTF8.GetString(request.Slice(PrefixBytes + 2, request[PrefixBytes + 1])) : "";

    private static byte[] Message(byte field, byte value)
    {
        byte[] message = [0, 0, 0, 0, 0, field, value];
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), message.Length - PrefixBytes);
        return message;
    }
}
