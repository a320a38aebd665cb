using System.Collections.Concurrent;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Network;

namespace ClusterSim.Tests.Cluster;

/// <summary>
/// What a rolling update costs its clients: nothing, where a pod goes on serving until everybody has heard that it is leaving (preStop); some
/// requests, where it does not.
/// </summary>
[NonParallelizable]
public sealed class RollingUpdateUnderLoadTests
{
    private const int Clients = 6;
    private const int UpdatesMax = 40;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    public async Task With_a_preStop_pause_no_request_is_lost()
    {
        var (answered, lost) = await UpdateUnderLoadAsync("lifecycle: { preStop: { sleep: { seconds: 1 } } }");

        Assert.Multiple(() =>
        {
            Assert.That(lost, Is.Empty);
            Assert.That(answered, Is.GreaterThan(500));
        });
    }

    [Test]
    public async Task Without_it_some_are()
    {
        // How many updates it takes until a request meets a pod that is just leaving is chance; that one does is not.
        var (_, lost) = await UpdateUnderLoadAsync("", untilOneIsLost: true);

        Assert.That(lost, Is.Not.Empty);
    }

    private static async Task<(int Answered, IReadOnlyCollection<string> Lost)> UpdateUnderLoadAsync(string lifecycle, bool untilOneIsLost = false)
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        cluster.ApplyYaml(Manifest("1", lifecycle));
        cluster.ApplyYaml("""
            apiVersion: v1
            kind: Pod
            metadata: { name: client, namespace: default }
            spec: { containers: [{ name: main, image: "busybox:1.36", command: [sleep, "3600"] }] }
            """);
        await cluster.ReadyAsync(Limit);
        await cluster.UntilAsync(() => cluster.Find("pods", "default", "client")!.Value.At("status", "phase").Text() == "Running", Limit);
        await using var process = cluster.Wire.FindPod(cluster.Find("pods", "default", "client")!.Value.At("metadata", "uid").Text(""))!.Join("load");
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            PooledConnectionLifetime = TimeSpan.Zero, // every request is a connection of its own
            ConnectCallback = (_, cancellation) => process.DialAsync("web", 80, cancellation),
        });
        using var over = new CancellationTokenSource();
        var lost = new ConcurrentBag<string>();
        var answered = 0;
        var load = Enumerable.Range(0, Clients).Select(_ => Task.Run(AskAsync)).ToList();

        for (var version = 2; untilOneIsLost ? lost.IsEmpty && version <= UpdatesMax : version <= 4; version++)
        {
            cluster.ApplyYaml(Manifest($"{version}", lifecycle));
            await cluster.ReadyAsync(Limit);
            await cluster.UntilAsync(() => cluster.List("pods", "default", "app=web").Count == 2, Limit);
        }
        await over.CancelAsync();
        await Task.WhenAll(load);
        await TestContext.Out.WriteLineAsync($"{answered} answered, {lost.Count} lost");
        return (answered, lost);

        async Task AskAsync()
        {
            while (!over.IsCancellationRequested)
            {
                try
                {
                    using var response = await client.GetAsync(new Uri("http://web/"), CancellationToken.None);
                    if (response.IsSuccessStatusCode)
                        Interlocked.Increment(ref answered);
                    else
                        lost.Add($"{(int)response.StatusCode}");
                }
                catch (HttpRequestException failure)
                {
                    lost.Add($"{failure.Message}: {failure.InnerException?.Message}");
                }
            }
        }
    }

    private static string Manifest(string version, string lifecycle) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: web, namespace: default }
        spec:
          replicas: 2
          strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
          selector: { matchLabels: { app: web } }
          template:
            metadata: { labels: { app: web, version: "{{version}}" } }
            spec:
              terminationGracePeriodSeconds: 10
              containers:
                - name: main
                  image: nginx:1.27
                  readinessProbe: { httpGet: { path: /, port: 80 }, periodSeconds: 1 }
                  {{lifecycle}}
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: web, namespace: default }
        spec:
          selector: { app: web }
          ports: [{ port: 80 }]
        """;
}
