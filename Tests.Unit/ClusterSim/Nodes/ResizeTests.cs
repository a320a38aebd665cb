using System.Text.Json.Nodes;
using ClusterSim.Machinery;

namespace ClusterSim.Tests.Nodes;

/// <summary>Pods resized in place: what a node grants, puts off and cannot grant, and what its pods' statuses say of it.</summary>
public sealed class ResizeTests
{
    [Test]
    public async Task A_resize_that_fits_is_granted_without_a_restart()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("grows", Box("100m"));
        nodes.Settle();

        Resize(nodes, "grows", "200m");
        nodes.Settle();

        Assert.That(Cpu(nodes, "grows"), Is.EqualTo(("200m", "200m", 0)));
        Assert.That(nodes.Condition("grows", "PodResizePending"), Is.Null);
        Assert.That(nodes.Condition("grows", "PodResizeInProgress"), Is.Null);
        Assert.That(nodes.Events("grows"), Does.Contain("""Normal ResizeStarted Pod resize started: {"containers":[{"name":"main","resources":{"requests":{"cpu":"200m"}}}],"generation":2} ×1"""));
        Assert.That(nodes.Events("grows"), Does.Contain("""Normal ResizeCompleted Pod resize completed: {"containers":[{"name":"main","resources":{"requests":{"cpu":"200m"}}}],"generation":2} ×1"""));
    }

    [Test]
    public async Task A_container_that_wants_a_restart_for_it_is_restarted_once()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("restarts", Box("100m", """,{"resourceName":"cpu","restartPolicy":"RestartContainer"}"""));
        nodes.Settle();

        Resize(nodes, "restarts", "200m");
        nodes.Advance(60);

        Assert.That(Cpu(nodes, "restarts"), Is.EqualTo(("200m", "200m", 1)));
        Assert.That(nodes.Condition("restarts", "PodResizeInProgress"), Is.Null);
        Assert.That(nodes.Events("restarts"), Does.Contain("Normal Killing Container main resize requires restart ×1"));
    }

    [Test]
    public async Task A_resize_beyond_the_node_is_infeasible_and_changes_nothing()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("greedy", Box("100m"));
        nodes.Settle();

        Resize(nodes, "greedy", "9");
        nodes.Settle();

        Assert.That(Cpu(nodes, "greedy"), Is.EqualTo(("100m", "100m", 0)));
        var pending = nodes.Status("greedy").At("conditions").Items().First(condition => condition.At("type").Text() == "PodResizePending");
        Assert.That(
            (pending.At("status").Text(), pending.At("reason").Text(), pending.At("message").Text(), pending.At("observedGeneration").Integer()),
            Is.EqualTo(("True", "Infeasible", "Node didn't have enough capacity: cpu, requested: 9000, capacity: 8000", 2)));
        Assert.That(nodes.Events("greedy"), Has.Some.StartsWith("Warning ResizeInfeasible Pod resize Infeasible: "));
    }

    [Test]
    public async Task A_resize_waits_until_another_pod_makes_room()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("waits", Box("1"));
        nodes.Pod("holds", Box("6"));
        nodes.Settle();

        Resize(nodes, "waits", "3");
        nodes.Settle();
        Assert.That(Cpu(nodes, "waits"), Is.EqualTo(("1", "1", 0)));
        var pending = nodes.Status("waits").At("conditions").Items().First(condition => condition.At("type").Text() == "PodResizePending");
        Assert.That(
            (pending.At("reason").Text(), pending.At("message").Text()),
            Is.EqualTo(("Deferred", "Node didn't have enough resource: cpu, requested: 3000, used: 6000, capacity: 8000")));

        nodes.Delete("holds");
        nodes.Settle();

        Assert.That(Cpu(nodes, "waits"), Is.EqualTo(("3", "3", 0)));
        Assert.That(nodes.Condition("waits", "PodResizePending"), Is.Null);
    }

    private static string Box(string cpu, string policies = "") =>
        $$$"""{"containers":[{"name":"main","image":"box:1.0","resources":{"requests":{"cpu":"{{{cpu}}}"}},"resizePolicy":[{"resourceName":"memory","restartPolicy":"NotRequired"}{{{policies}}}]}]}""";

    // As the API's resize subresource leaves the pod, whose own rules are tested with it.
    private static void Resize(TestNodes nodes, string pod, string cpu) => nodes.Change("pods", "default", pod, live =>
    {
        live["spec"]!["containers"]![0]!["resources"] = JsonNode.Parse($$$"""{"requests":{"cpu":"{{{cpu}}}"}}""");
        return true;
    });

    private static (string? Allocated, string? Actual, int Restarts) Cpu(TestNodes nodes, string pod)
    {
        var status = nodes.ContainerStatus(pod);
        return (status.At("allocatedResources", "cpu").Text(), status.At("resources", "requests", "cpu").Text(), status.At("restartCount").Integer(0));
    }
}
