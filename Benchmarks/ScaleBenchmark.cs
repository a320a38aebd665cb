using System.Diagnostics;
using System.Globalization;
using ClusterSim;
using ClusterSim.Json;
using ClusterSim.Network;
using ClusterSim.Nodes;

namespace Benchmarks;

/// <summary>
/// How large a cluster may be: nodes and pods of <c>pause</c>, made by Deployments of 1,000 on the whole cluster (controllers, scheduler,
/// kubelets, the API with its admission), until all are Ready. The aim is 20 s and 1 GB for 1,000 nodes and 10,000 pods, the floor 60 s.
/// </summary>
internal static class ScaleBenchmark
{
    private const int PodsOfDeployment = 1000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        var nodes = args.Count > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
        var pods = args.Count > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10_000;
        var began = Stopwatch.StartNew();
        await using var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions
        {
            Network = new NetworkOptions { PodRange = "10.128.0.0/9" }, // a /24 a node: the default /16 is for 256 nodes
            Nodes = [.. Enumerable.Range(1, nodes).Select(number => new NodeOptions { Name = $"node-{number}" })],
        });
        Say($"{nodes} nodes registered after {began.Elapsed.TotalSeconds:0.0} s");
        began.Restart();
        for (var made = 0; made < pods; made += PodsOfDeployment)
            cluster.ApplyYaml(Deployment($"pause-{made / PodsOfDeployment}", Math.Min(PodsOfDeployment, pods - made)));
        using var progress = new Timer(_ => Say($"  {began.Elapsed.TotalSeconds,5:0.0} s: {Ready(cluster)} ready"), null, 5000, 5000);
        await cluster.UntilAsync(() => Ready(cluster) == pods, Limit);
        var took = began.Elapsed;
        await progress.DisposeAsync();
        using var process = Process.GetCurrentProcess();
        process.Refresh();
        var kept = GC.GetTotalMemory(forceFullCollection: true);
        Say($"{pods} pods Ready after {took.TotalSeconds:0.0} s; {process.PeakWorkingSet64 >> 20} MiB at most, {kept >> 20} MiB live after a collection; {process.TotalProcessorTime.TotalSeconds:0.0} s of CPU; {GC.GetTotalPauseDuration().TotalSeconds:0.0} s of it in {GC.CollectionCount(0)} collections; {ThreadPool.ThreadCount} threads");
        return took <= TimeSpan.FromSeconds(60) ? 0 : 1;
    }

    // Of the Deployments: ten objects, where the pods would be ten thousand to count after each change.
    private static int Ready(SimulatedCluster cluster) => cluster.List("deployments", "default").Sum(deployment => (int)deployment.At("status", "readyReplicas").Integer(0));

    private static string Deployment(string name, int replicas) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: {{name}}, namespace: default }
        spec:
          replicas: {{replicas}}
          selector: { matchLabels: { app: {{name}} } }
          template:
            metadata: { labels: { app: {{name}} } }
            spec:
              containers: [{ name: main, image: "registry.k8s.io/pause:3.10" }]
        """;

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
