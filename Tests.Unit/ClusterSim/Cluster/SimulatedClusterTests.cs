using System.Text.Json;
using ClusterSim;
using ClusterSim.Json;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Images;

namespace Tests.Unit.ClusterSim.Cluster;

public sealed class SimulatedClusterTests
{
    [Test]
    public async Task A_deployment_of_pause_becomes_ready()
    {
        await using var cluster = await SimulatedCluster.StartAsync();

        cluster.ApplyYaml("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: web }
            spec:
              replicas: 3
              selector: { matchLabels: { app: web } }
              template:
                metadata: { labels: { app: web } }
                spec:
                  containers:
                    - { name: main, image: registry.k8s.io/pause:3.10 }
            """);

        var deadline = DateTime.UtcNow.AddSeconds(20);
        JsonElement? web = null;
        while (DateTime.UtcNow < deadline && (web = cluster.Find("deployments", "default", "web"))?.At("status", "readyReplicas").Integer(0) != 3)
            await Task.Delay(50);
        foreach (var pod in cluster.List("pods"))
            TestContext.Out.WriteLine(pod);
        foreach (var e in cluster.List("events"))
            TestContext.Out.WriteLine(e);
        Assert.That(web!.Value.At("status", "readyReplicas").Integer(0), Is.EqualTo(3));
    }
}
