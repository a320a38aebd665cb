using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Nodes;

/// <summary>How nodes appear in the API: registration, cordons, power.</summary>
public sealed class NodeRegistrationTests
{
    private const string Box = """{"containers":[{"name":"main","image":"box:1.0"}]}""";

    [Test]
    public async Task A_node_registers_as_a_kubelet_does()
    {
        await using var nodes = new TestNodes();

        var node = nodes.Client.Find(nodes.Client.Resource("nodes"), new ObjectKey(null, "node-1"))!;

        Assert.That(node.Labels["kubernetes.io/hostname"], Is.EqualTo("node-1"));
        Assert.That(node.Labels["kubernetes.io/os"], Is.EqualTo("linux"));
        Assert.That(node.Status.At("conditions").Items().Single(condition => condition.At("type").Text() == "Ready").At("status").Text(), Is.EqualTo("True"));
        Assert.That(node.Status.At("allocatable", "pods").Text(), Is.EqualTo("110"));
    }

    [Test]
    public async Task A_node_without_power_says_nothing_and_restarts_its_pods_when_it_is_back()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("sleeps", Box);
        nodes.Settle();
        var lease = new ObjectKey("kube-node-lease", "node-1");
        var leases = nodes.Client.Resource("leases", "coordination.k8s.io");

        nodes.Pool.PowerOff("node-1");
        var last = nodes.Client.Find(leases, lease)!.Revision;
        nodes.Advance(120);

        Assert.That(nodes.Client.Find(leases, lease)!.Revision, Is.EqualTo(last));
        Assert.That(nodes.Condition("sleeps", "Ready"), Is.EqualTo("True"), "nobody has told otherwise");
        nodes.Pool.PowerOn("node-1");
        nodes.Settle();
        Assert.That(nodes.ContainerStatus("sleeps").At("restartCount").Integer(0), Is.EqualTo(1));
        Assert.That(nodes.ContainerStatus("sleeps").At("lastState", "terminated", "reason").Text(), Is.EqualTo("Unknown"));
        Assert.That(nodes.Client.Find(leases, lease)!.Revision, Is.GreaterThan(last));
    }

    [Test]
    public async Task A_node_says_when_it_was_cordoned_and_uncordoned()
    {
        await using var nodes = new TestNodes();
        nodes.Settle();

        nodes.Change("nodes", "", "node-1", node => (node["spec"]!["unschedulable"] = true) is not null);
        nodes.Advance(30);
        nodes.Change("nodes", "", "node-1", node => ((JsonObject)node["spec"]!).Remove("unschedulable"));
        nodes.Advance(30);

        Assert.That(
            nodes.Events("node-1").Where(told => told.Contains("Schedulable", StringComparison.Ordinal)),
            Is.EquivalentTo(new[] { "Normal NodeNotSchedulable Node node-1 status is now: NodeNotSchedulable ×1", "Normal NodeSchedulable Node node-1 status is now: NodeSchedulable ×1" }));
    }
}
