using System.Net;
using ClusterSim;
using ClusterSim.Faults;
using ClusterSim.Nodes.Images;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Processes;

namespace ClusterSim.Tests.Faults;

/// <summary>A cluster with two callers and two servers, whose every request and answer can be told.</summary>
internal sealed class FaultyCluster : IAsyncDisposable
{
    private int _carriedOut;

    private FaultyCluster(SimulatedCluster cluster) => Cluster = cluster;

    public SimulatedCluster Cluster { get; }

    /// <summary>How many requests the servers have carried out.</summary>
    public int CarriedOut => Volatile.Read(ref _carriedOut);

    public static async Task<FaultyCluster> StartAsync()
    {
        var cluster = new FaultyCluster(await SimulatedCluster.StartAsync());
        cluster.Cluster.Images.Add("server:1", new ServiceImage(cluster.ServeAsync));
        cluster.Cluster.ApplyYaml("""
            apiVersion: v1
            kind: Namespace
            metadata: { name: a }
            ---
            apiVersion: apps/v1
            kind: StatefulSet
            metadata: { name: caller, namespace: a }
            spec:
              replicas: 2
              podManagementPolicy: Parallel
              selector: { matchLabels: { app: caller } }
              template:
                metadata: { labels: { app: caller } }
                spec: { containers: [ { name: main, image: "registry.k8s.io/pause:3.10" } ] }
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: server, namespace: a }
            spec:
              replicas: 2
              selector: { matchLabels: { app: server } }
              template:
                metadata: { labels: { app: server } }
                spec:
                  containers:
                    - { name: main, image: "server:1", ports: [ { containerPort: 80 } ], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }
            """);
        await cluster.Cluster.ReadyAsync(TimeSpan.FromSeconds(60));
        return cluster;
    }

    /// <summary>The names of the servers, in order.</summary>
    public IReadOnlyList<string> Servers => [.. Cluster.Faults.PodsOf(PodSet.Parse("a/server")).Select(pod => pod.Name)];

    /// <summary>A client in a caller's pod, of one server. It keeps its connection, so that what comes later strikes an open one.</summary>
    public HttpClient Client(int server = 0, string caller = "caller-0")
    {
        var address = Cluster.Find("pods", "a", Servers[server])!.Value.GetProperty("status").GetProperty("podIP").GetString()!;
        return new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, cancellation) => Cluster.DialAsPodAsync("a", caller, address, 80, cancellation) })
        {
            BaseAddress = new Uri("http://server"),
            Timeout = TimeSpan.FromSeconds(60),
        };
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    private async Task<int> ServeAsync(ServiceProcess process)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Any, 80));
        builder.Services.AddSingleton<IConnectionListenerFactory>(process.Network.Listener!);
        await using var application = builder.Build();
        application.Run(async context =>
        {
            Interlocked.Increment(ref _carriedOut);
            await context.Response.WriteAsync(context.Request.Path == "/clock" ? process.Clock.GetUtcNow().ToString("O") : new string('x', 3000));
        });
        await application.StartAsync(process.Stop);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, process.Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return 0;
    }
}
