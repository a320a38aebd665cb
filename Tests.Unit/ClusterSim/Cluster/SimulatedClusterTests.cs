using ClusterSim;
using ClusterSim.Json;

namespace Tests.Unit.ClusterSim.Cluster;

/// <summary>A cluster put together, without the paying system.</summary>
public sealed class SimulatedClusterTests
{
    private const string Web = """
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
                - { name: main, image: "registry.k8s.io/pause:3.10" }
        """;

    [Test]
    public async Task A_deployment_of_pause_becomes_ready()
    {
        await using var cluster = await SimulatedCluster.StartAsync();

        cluster.ApplyYaml(Web);
        await cluster.ReadyAsync(TimeSpan.FromSeconds(30));

        Assert.That(cluster.Find("deployments", "default", "web")!.Value.At("status", "readyReplicas").Integer(0), Is.EqualTo(3));
    }

    [Test]
    public async Task Clusters_beside_each_other_know_nothing_of_each_other()
    {
        await using var one = await SimulatedCluster.StartAsync();
        await using var other = await SimulatedCluster.StartAsync();

        one.ApplyYaml(Web);
        await one.ReadyAsync(TimeSpan.FromSeconds(30));

        Assert.Multiple(() =>
        {
            Assert.That(other.List("deployments"), Is.Empty);
            Assert.That(other.List("pods", "default"), Is.Empty);
            Assert.That(other.ApiServer, Is.Not.EqualTo(one.ApiServer));
        });
    }
}
