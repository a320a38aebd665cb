using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Api.Tables;
using ClusterSim.Json;
using ClusterSim.Nodes;

namespace Tests.Unit.ClusterSim.Cluster;

/// <summary>Those of the recorded pods that no node was found for: the same status, row and event.</summary>
public sealed class UnplacedPodTests
{
    private static JsonElement Recorded { get; } = JsonElement.Parse(File.ReadAllBytes(Path.Combine(
        TestContext.CurrentContext.TestDirectory, "ClusterSim", "Nodes", "recorded-pods.json")));

    [TestCase("unschedulable")]
    [TestCase("too-big")]
    [TestCase("no-claim")]
    public async Task A_pod_without_a_node_says_why(string name)
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 1, 5, 0, 0, 0, TimeSpan.Zero));
        await using var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Clock = clock, Nodes = [new NodeOptions { Name = "node-1" }] });
        await clock.AdvanceAsync(TimeSpan.FromSeconds(1));
        var recorded = Recorded.At(name);

        cluster.ApplyYaml(new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = JsonNode.Parse(recorded.At("spec").GetRawText()),
        }.ToJsonString());
        await clock.AdvanceAsync(TimeSpan.FromSeconds(46));

        var pod = cluster.Find("pods", "default", name)!.Value;
        var row = PodRow.Print(pod, clock.GetUtcNow());
        var told = cluster.List("events", "default").Where(told => told.At("involvedObject", "name").Text() == name)
            .Select(told => $"{told.At("type").Text()} {told.At("reason").Text()} {told.At("message").Text()}");
        Assert.Multiple(() =>
        {
            Assert.That(Masked(pod.At("status")), Is.EqualTo(Masked(recorded.At("status"))));
            Assert.That($"{row[0]} {row[1]} {row[2]} {row[3]}", Is.EqualTo(string.Join(' ', recorded.At("row").Text("").Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(4))));
            Assert.That(told.Distinct(StringComparer.Ordinal), Is.EqualTo(recorded.At("events").Items().Select(one =>
                $"{one.At("type").Text()} {one.At("reason").Text()} {one.At("message").Text()}").Distinct(StringComparer.Ordinal)));
        });
    }

    private static string Masked(JsonElement status)
    {
        var condition = status.At("conditions").Items().Single();
        return $"{status.At("phase").Text()} {status.At("qosClass").Text()}; {condition.At("type").Text()} {condition.At("status").Text()} {condition.At("reason").Text()} "
            + $"of generation {condition.At("observedGeneration").Integer(0)}: {condition.At("message").Text()}";
    }
}
