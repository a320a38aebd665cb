using ClusterSim.Machinery;
using ClusterSim.Objects;
using ClusterSim.Storage;
using ClusterSim.Tests.Controllers;

namespace ClusterSim.Tests.Scheduling;

/// <summary>What Kubernetes' end-to-end tests of preemption (<c>test/e2e/scheduling/preemption.go</c>) expect, and what disruption budgets have to do with it.</summary>
public sealed class PreemptionConformanceTests
{
    private static string Pod(string name, int priority, string cpu, string more = "", string finalizers = "") => $$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}","labels":{"app":"{{name}}"},"finalizers":[{{finalizers}}]},
         "spec":{"priority":{{priority}},{{more}}"containers":[{"name":"main","image":"box:1","resources":{"requests":{"cpu":"{{cpu}}"} } }]} }
        """;

    private static string On(string node) => $$"""
        "affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["{{node}}"]}]}]} } },
        """;

    [Test]
    public async Task The_node_with_the_lowest_victim_is_taken_and_the_others_are_left()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 2);
        cluster.Create(Pod("low", 1, "3", On("node-1")));
        cluster.Create(Pod("medium", 100, "3", On("node-2")));
        await cluster.SettleAsync();

        cluster.Create(Pod("high", 1000, "3"));
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("pods", "low"), Is.Null);
            Assert.That(cluster.Find("pods", "medium")!.IsDeleting, Is.False);
            Assert.That(cluster.Find("pods", "high")!.NodeName, Is.EqualTo("node-1"));
        });
    }

    [Test]
    public async Task A_pod_that_a_disruption_budget_protects_is_spared_where_another_makes_room()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 2);
        cluster.Create(Pod("guarded", 1, "3", On("node-1")));
        cluster.Create(Pod("free", 100, "3", On("node-2")));
        cluster.Create(Budget());
        await cluster.AdvanceAsync(5);
        Assert.That(cluster.Find("poddisruptionbudgets", "budget", "policy")!.Status.At("disruptionsAllowed").Integer(), Is.Zero);

        cluster.Create(Pod("high", 1000, "3"));
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("pods", "free"), Is.Null);
            Assert.That(cluster.Find("pods", "guarded")!.IsDeleting, Is.False);
            Assert.That(cluster.Find("pods", "high")!.NodeName, Is.EqualTo("node-2"));
        });
    }

    [Test]
    public async Task A_disruption_budget_does_not_save_a_pod_where_nothing_else_makes_room()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 1);
        cluster.Create(Pod("guarded", 1, "3"));
        cluster.Create(Budget());
        await cluster.AdvanceAsync(5);

        cluster.Create(Pod("high", 1000, "3"));
        await cluster.SettleAsync();

        Assert.That(cluster.Find("pods", "guarded"), Is.Null);
        Assert.That(cluster.Find("pods", "high")!.NodeName, Is.EqualTo("node-1"));
    }

    [Test]
    public async Task A_preempted_pod_is_told_so_while_a_finalizer_holds_it()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 1);
        cluster.Create(Pod("low", 1, "4", finalizers: "\"example.com/held\""));
        await cluster.SettleAsync();

        cluster.Create(Pod("high", 1000, "4"));
        await cluster.SettleAsync();

        var victim = cluster.Find("pods", "low")!;
        Assert.Multiple(() =>
        {
            Assert.That(victim.IsDeleting, Is.True);
            Assert.That(victim.Condition("DisruptionTarget").At("status").Text(), Is.EqualTo("True"));
            Assert.That(victim.Condition("DisruptionTarget").At("reason").Text(), Is.EqualTo("PreemptionByScheduler"));
        });
        cluster.Patch("pods", "", "low", """{"metadata":{"finalizers":null}}""");
        await cluster.AdvanceAsync(5);
        Assert.That(cluster.Find("pods", "high")!.NodeName, Is.EqualTo("node-1"));
    }

    [Test]
    public async Task Replica_sets_lose_as_many_pods_as_make_room_and_no_more()
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        await using var cluster = await TestCluster.StartAsync(nodes: 1, prepare: one => one.Watch("pods", "", change =>
        {
            if (change.Change == StoreChange.Added)
                seen[change.Document.Labels["app"]] = seen.GetValueOrDefault(change.Document.Labels["app"]) + 1;
        }));
        foreach (var (name, priority, cpu) in (ReadOnlySpan<(string, int, string)>)[("rs1", 1, "800m"), ("rs2", 2, "1200m"), ("rs3", 3, "1800m")])
            cluster.Create($$"""
                {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"{{name}}"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"{{name}}"} },
                 "template":{"metadata":{"labels":{"app":"{{name}}"} },"spec":{"priority":{{priority}},"containers":[{"name":"main","image":"box:1","resources":{"requests":{"cpu":"{{cpu}}"} } }]} } } }
                """);
        await cluster.SettleAsync();
        Assert.That(cluster.Pods().Count(pod => pod.NodeName is not null), Is.EqualTo(3));

        cluster.Create(Pod("pod4", 4, "2"));
        await cluster.AdvanceAsync(60);

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("pods", "pod4")!.NodeName, Is.EqualTo("node-1"));
            Assert.That(seen, Is.EquivalentTo(new Dictionary<string, int> { ["rs1"] = 2, ["rs2"] = 2, ["rs3"] = 1, ["pod4"] = 1 }));
        });
    }

    private static string Budget() => """
        {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"budget"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"guarded"}}}}
        """;
}
