using System.Net.Sockets;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Network;

namespace ClusterSim.Tests.Network;

/// <summary>
/// Services that publish pods which are not ready, and those that do not, on a whole cluster: the probe, the controllers and the wire together.
/// Kubernetes' own: test/e2e/network/service.go, "should create endpoints for unready pods".
/// </summary>
public sealed class UnreadyEndpointTests
{
    private ManualClock _clock = null!;
    private SimulatedCluster _cluster = null!;

    [SetUp]
    public async Task Start()
    {
        _clock = new ManualClock(new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.Zero));
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Clock = _clock, Seed = 5, Network = new NetworkOptions { Denied = DeniedTraffic.Reject } });
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(1));
        _cluster.ApplyYaml("""
            apiVersion: v1
            kind: Pod
            metadata: { name: server, labels: { app: server } }
            spec:
              hostname: server
              subdomain: published-headless
              terminationGracePeriodSeconds: 600
              containers:
                - name: main
                  image: nginx:1.27
                  readinessProbe: { httpGet: { path: /absent, port: 80 }, periodSeconds: 1 }
                  lifecycle: { preStop: { sleep: { seconds: 500 } } }
            ---
            apiVersion: v1
            kind: Pod
            metadata: { name: client }
            spec: { containers: [ { name: main, image: "registry.k8s.io/pause:3.10" } ] }
            """ + Service("published", true) + Service("hidden", false) + Service("published-headless", true, "None") + Service("hidden-headless", false, "None"));
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(20));
        var server = _cluster.Find("pods", "default", "server")!.Value.At("status");
        Assert.That((server.At("phase").Text(), server.At("containerStatuses")[0].At("ready").Flag(true)), Is.EqualTo(("Running", false)), "it runs and is never ready");
    }

    [TearDown]
    public async Task Stop() => await _cluster.DisposeAsync();

    [Test]
    public async Task A_pod_that_is_never_ready_is_reached_through_a_Service_that_publishes_it_and_no_other()
    {
        Assert.That(await DialAsync("published"), Is.Null);
        Assert.That(await DialAsync("published-headless"), Is.Null);
        Assert.That(await DialAsync("server.published-headless"), Is.Null, "its own name");
        Assert.That(await DialAsync("hidden"), Is.EqualTo(SocketError.ConnectionRefused));
        Assert.That(await DialAsync("hidden-headless"), Is.EqualTo(SocketError.NoData));

        _cluster.ApplyYaml(Service("hidden", true) + Service("published", false));
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(5));

        Assert.That(await DialAsync("hidden"), Is.Null, "publishes now");
        Assert.That(await DialAsync("published"), Is.EqualTo(SocketError.ConnectionRefused), "and this one no more");
    }

    [Test]
    public async Task A_pod_that_ends_is_published_until_it_is_gone()
    {
        _cluster.Delete("pods", "default", "server");
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(60));
        Assert.That(_cluster.Find("pods", "default", "server")!.Value.At("metadata", "deletionTimestamp").Exists(), "it is ending");
        Assert.That(await DialAsync("published"), Is.Null);
        Assert.That(await DialAsync("hidden"), Is.EqualTo(SocketError.ConnectionRefused));

        await _clock.AdvanceAsync(TimeSpan.FromSeconds(600));

        Assert.That(_cluster.Find("pods", "default", "server"), Is.Null);
        Assert.That(await DialAsync("published"), Is.EqualTo(SocketError.ConnectionRefused));
    }

    private async Task<SocketError?> DialAsync(string host)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await (await _cluster.DialAsPodAsync("default", "client", host, 80, patience.Token)).DisposeAsync();
            return null;
        }
        catch (SocketException refused)
        {
            return refused.SocketErrorCode;
        }
    }

    private static string Service(string name, bool publishes, string? address = null) => $$"""

        ---
        apiVersion: v1
        kind: Service
        metadata: { name: {{name}} }
        spec:
          selector: { app: server }
          publishNotReadyAddresses: {{(publishes ? "true" : "false")}}
          {{(address is null ? "" : $"clusterIP: {address}")}}
          ports: [ { port: 80, targetPort: 80 } ]
        """;
}
