using ClusterSim.Machinery;
using ClusterSim.Objects;
using ClusterSim.Storage;
using ClusterSim.Tests.Controllers;

namespace ClusterSim.Tests.Scheduling;

public sealed class SchedulerTests
{
    private static string Pod(string name, string spec = "", string cpu = "0", string labels = "\"a\":\"b\"") => $$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}","labels":{ {{labels}} } },
         "spec":{ {{(spec.Length == 0 ? "" : spec + ",")}}"containers":[{"name":"main","image":"box:1","resources":{"requests":{"cpu":"{{cpu}}"} } }]} }
        """;

    [Test]
    public async Task A_pod_no_node_takes_is_told_why_in_kube_schedulers_words()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 1);
        cluster.CreateNode("tainted", taints: """[{"key":"k","value":"v","effect":"NoSchedule"}]""");
        cluster.CreateNode("tainted-too", taints: """[{"key":"k","value":"v","effect":"NoSchedule"}]""");
        await cluster.SettleAsync();

        cluster.Create(Pod("big", cpu: "8"));
        cluster.Create(Pod("nowhere", "\"nodeSelector\":{\"no\":\"where\"}"));
        cluster.Create(Pod("unclaimed", "\"volumes\":[{\"name\":\"v\",\"persistentVolumeClaim\":{\"claimName\":\"absent\"} }]"));
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(Message(cluster, "big"), Is.EqualTo("0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."));
            Assert.That(Message(cluster, "nowhere"), Is.EqualTo("0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."));
            Assert.That(Message(cluster, "unclaimed"), Is.EqualTo("0/3 nodes are available: persistentvolumeclaim \"absent\" not found. not found"));
            Assert.That(cluster.Events("Pod", "big"), Is.EqualTo(new[] { $"Warning FailedScheduling: {Message(cluster, "big")} (default-scheduler)" }));
        });
    }

    [Test]
    public async Task A_pod_that_did_not_fit_is_placed_when_room_comes()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 1);
        cluster.Create(Pod("first", cpu: "3"));
        await cluster.SettleAsync();
        cluster.Create(Pod("second", cpu: "2"));
        await cluster.SettleAsync();
        var before = Message(cluster, "second");

        cluster.Delete("pods", "", "first");
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(before, Is.EqualTo("0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."));
            Assert.That(cluster.Find("pods", "second")!.NodeName, Is.EqualTo("node-1"));
            Assert.That(cluster.Events("Pod", "second")[^1], Is.EqualTo("Normal Scheduled: Successfully assigned default/second to node-1 (default-scheduler)"));
        });
    }

    [Test]
    public async Task A_pod_of_higher_priority_pushes_out_the_lowest_that_makes_room()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 1);
        cluster.Create(Pod("low", "\"priority\":1", cpu: "2"));
        cluster.Create(Pod("middle", "\"priority\":5", cpu: "2"));
        await cluster.SettleAsync();

        cluster.Create(Pod("high", "\"priority\":10", cpu: "2"));
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("pods", "low"), Is.Null);
            Assert.That(cluster.Find("pods", "middle")!.NodeName, Is.EqualTo("node-1"));
            Assert.That(cluster.Find("pods", "high")!.NodeName, Is.EqualTo("node-1"));
            Assert.That(cluster.Events("Pod", "low")[^1], Does.StartWith("Normal Preempted: Preempted by pod "));
        });
    }

    [Test]
    public async Task Pods_that_repel_each_other_and_those_to_be_spread_end_on_different_nodes()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 3);
        const string apart = "\"affinity\":{\"podAntiAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":[{\"topologyKey\":\"kubernetes.io/hostname\",\"labelSelector\":{\"matchLabels\":{\"x\":\"apart\"} } }]} }";
        const string spread = "\"topologySpreadConstraints\":[{\"maxSkew\":1,\"topologyKey\":\"kubernetes.io/hostname\",\"whenUnsatisfiable\":\"DoNotSchedule\",\"labelSelector\":{\"matchLabels\":{\"x\":\"spread\"} } }]";
        for (var i = 0; i < 4; i++)
            cluster.Create(Pod($"apart-{i}", apart, labels: "\"x\":\"apart\""));
        for (var i = 0; i < 6; i++)
            cluster.Create(Pod($"spread-{i}", spread, labels: "\"x\":\"spread\""));
        await cluster.SettleAsync();

        var placed = cluster.Pods().Where(pod => pod.Name.StartsWith("apart", StringComparison.Ordinal)).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(placed.Where(pod => pod.NodeName is not null).Select(pod => pod.NodeName).Distinct().Count(), Is.EqualTo(3));
            Assert.That(Message(cluster, placed.Single(pod => pod.NodeName is null).Name), Does.StartWith("0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules. no new claims"));
            Assert.That(cluster.Pods().Where(pod => pod.Name.StartsWith("spread", StringComparison.Ordinal)).GroupBy(pod => pod.NodeName).Select(group => group.Count()), Is.EqualTo(new[] { 2, 2, 2 }));
        });
    }

    [Test]
    public async Task Replicas_are_spread_over_the_nodes_and_a_cordoned_node_takes_none()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 4);
        cluster.Patch("nodes", "", "node-4", """{"spec":{"unschedulable":true} }""");
        await cluster.SettleAsync();
        cluster.Create(TestCluster.Deployment("web", 6));
        await cluster.SettleAsync();

        Assert.That(cluster.Pods("web").GroupBy(pod => pod.NodeName).ToDictionary(group => group.Key!, group => group.Count()), Is.EquivalentTo(new Dictionary<string, int>
        {
            ["node-1"] = 2,
            ["node-2"] = 2,
            ["node-3"] = 2,
        }));
    }

    [Test]
    public async Task Two_thousand_pods_are_placed_on_two_hundred_nodes()
    {
        const int nodes = 200, pods = 2000;
        await using var cluster = await TestCluster.StartAsync(nodes: nodes);
        for (var i = 0; i < 10; i++)
            cluster.Create(TestCluster.Deployment($"web-{i}", pods / 10).Replace("\"image\":\"box:1\"", "\"image\":\"box:1\",\"resources\":{\"requests\":{\"cpu\":\"100m\",\"memory\":\"64Mi\"} }"));
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Pods().Count(pod => pod.IsReady()), Is.EqualTo(pods));
            Assert.That(cluster.Pods().GroupBy(pod => pod.NodeName).Max(group => group.Count()), Is.LessThanOrEqualTo(40), "no node has more than it has cpu for");
        });
    }

    private static string? Message(TestCluster cluster, string pod) => cluster.Find("pods", pod)!.Condition("PodScheduled").At("message").Text();
}
