using System.Runtime.CompilerServices;
using ClusterSim;
using ClusterSim.Registry;

namespace ClusterSim.Tests;

/// <summary>A test process starts hundreds of clusters; each has to go with all it held.</summary>
internal sealed class DisposedClusterTests
{
    [Test]
    public async Task A_disposed_cluster_is_let_go_of()
    {
        var cluster = await RunOneAsync();

        await Eventually.ThatAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return !cluster.IsAlive;
        }, "nothing holds the cluster");
    }

    // A method of its own, so that no local of the test's holds the cluster.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> RunOneAsync()
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        cluster.ApplyYaml("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: web, namespace: default }
            spec:
              replicas: 2
              selector: { matchLabels: { app: web } }
              template:
                metadata: { labels: { app: web } }
                spec: { containers: [ { name: main, image: "nginx:1.27", readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } } ] }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: web, namespace: default }
            spec: { selector: { app: web }, ports: [ { port: 80 } ] }
            """);
        await cluster.ReadyAsync(Eventually.Limit);
        using var client = cluster.CreatePodClient("default", NameOfFirst(cluster), 80);
        _ = await client.GetStringAsync(new Uri("/", UriKind.Relative));
        return new WeakReference(cluster.Server.Store);
    }

    private static string NameOfFirst(SimulatedCluster cluster) => cluster.List("pods", "default")[0].GetProperty("metadata").GetProperty("name").GetString()!;
}
