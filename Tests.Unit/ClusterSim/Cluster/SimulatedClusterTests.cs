using ClusterSim;
using ClusterSim.Machinery;

namespace ClusterSim.Tests.Cluster;

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
    public async Task Pods_that_no_controller_made_are_waited_for_too()
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        cluster.ApplyYaml(Pod("good", "registry.k8s.io/pause:3.10") + Pod("bad", "nobody-has:1"));

        await cluster.UntilAsync(() => IsReady("good"), TimeSpan.FromSeconds(30));
        var late = Assert.ThrowsAsync<TimeoutException>(() => cluster.ReadyAsync(TimeSpan.FromMilliseconds(1)))!;
        cluster.Delete("pods", "default", "bad", gracePeriodSeconds: 0);
        cluster.ApplyYaml(Pod("soon", "registry.k8s.io/pause:3.10"));
        await cluster.ReadyAsync(TimeSpan.FromSeconds(30));

        Assert.Multiple(() =>
        {
            Assert.That(late.Message, Does.Contain("pods default/bad 0/1"));
            Assert.That(late.Message, Does.Not.Contain("default/good"));
            Assert.That(IsReady("soon"), Is.True);
        });

        bool IsReady(string pod) => cluster.Find("pods", "default", pod)!.Value.At("status", "conditions").Items()
            .Any(condition => condition.At("type").Text() == "Ready" && condition.At("status").Text() == "True");

        static string Pod(string name, string image) => $$"""
            ---
            apiVersion: v1
            kind: Pod
            metadata: { name: {{name}} }
            spec: { containers: [{ name: main, image: "{{image}}" }] }

            """;
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
