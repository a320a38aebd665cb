using ClusterSim.Controllers;
using ClusterSim.Machinery;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Controllers;

public sealed class WorkloadTests
{
    private const string Set = """
        {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db"},"spec":{"replicas":3,"serviceName":"db","podManagementPolicy":"OrderedReady",
         "selector":{"matchLabels":{"app":"db"}},"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0}},
         "template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"main","image":"box:1"}]}},
         "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}}
        """;

    [Test]
    public async Task A_stateful_set_starts_in_order_with_a_volume_for_each_pod()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Kubelet.ReadyAfter = TimeSpan.FromSeconds(5);

        cluster.Create(Set);
        await cluster.AdvanceAsync(1);
        var first = cluster.Pods("db").Select(pod => pod.Name).ToList();
        await cluster.AdvanceAsync(5);
        var second = cluster.Pods("db").Select(pod => pod.Name).ToList();
        await cluster.AdvanceAsync(20);

        Assert.Multiple(() =>
        {
            Assert.That(first, Is.EqualTo(new[] { "db-0" }));
            Assert.That(second, Is.EqualTo(new[] { "db-0", "db-1" }));
            Assert.That(cluster.Pods("db").Select(pod => pod.IsReady()), Is.EqualTo(new[] { true, true, true }));
            Assert.That(cluster.List("persistentvolumeclaims").Select(claim => $"{claim.Name} {claim.Status.At("phase").Text()}"), Is.EqualTo(new[] { "data-db-0 Bound", "data-db-1 Bound", "data-db-2 Bound" }));
            Assert.That(cluster.Pods("db")[1].Labels["apps.kubernetes.io/pod-index"], Is.EqualTo("1"));
            Assert.That(cluster.Pods("db")[1].Spec.At("hostname").Text(), Is.EqualTo("db-1"));
            Assert.That(cluster.Find("statefulsets", "db", "apps")!.Status.At("availableReplicas").Integer(), Is.EqualTo(3));
            Assert.That(cluster.Events("StatefulSet", "db").Where(line => line.Contains("Pod db-2", StringComparison.Ordinal)), Does.Contain("Normal SuccessfulCreate: Create Pod db-2 in StatefulSet db successful (statefulset-controller)"));
        });
    }

    [Test]
    public async Task A_stateful_set_is_updated_from_the_highest_ordinal_one_at_a_time()
    {
        var deleted = new List<string>();
        await using var cluster = await TestCluster.StartAsync(prepare: one => one.Watch("pods", "", change =>
        {
            if (change.Change == StoreChange.Deleted)
                deleted.Add(change.Document.Name);
        }));
        cluster.Kubelet.ReadyAfter = TimeSpan.FromSeconds(2);
        cluster.Create(Set);
        await cluster.AdvanceAsync(20);
        var old = cluster.Find("statefulsets", "db", "apps")!.Status.At("currentRevision").Text();

        cluster.Patch("statefulsets", "apps", "db", TestCluster.Image("box:2"));
        await cluster.AdvanceAsync(1);
        var early = deleted.ToList();
        await cluster.AdvanceAsync(20);

        var status = cluster.Find("statefulsets", "db", "apps")!.Status;
        Assert.Multiple(() =>
        {
            Assert.That(early, Is.EqualTo(new[] { "db-2" }));
            Assert.That(deleted, Is.EqualTo(new[] { "db-2", "db-1", "db-0" }));
            Assert.That(status.At("currentRevision").Text(), Is.EqualTo(status.At("updateRevision").Text()).And.Not.EqualTo(old));
            Assert.That(cluster.List("controllerrevisions", "apps"), Has.Count.EqualTo(2));
            Assert.That(cluster.List("persistentvolumeclaims"), Has.Count.EqualTo(3), "claims outlive their pods");
        });
    }

    [Test]
    public async Task A_partition_holds_the_lower_ordinals_back_and_scaling_down_starts_at_the_top()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(Set);
        await cluster.SettleAsync();
        cluster.Patch("statefulsets", "apps", "db", """{"spec":{"updateStrategy":{"rollingUpdate":{"partition":2} } } }""");
        cluster.Patch("statefulsets", "apps", "db", TestCluster.Image("box:2"));
        await cluster.SettleAsync();
        var images = cluster.Pods("db").Select(pod => pod.Spec.At("containers").Items().First().At("image").Text()).ToList();

        cluster.Patch("statefulsets", "apps", "db", """{"spec":{"replicas":1} }""");
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(images, Is.EqualTo(new[] { "box:1", "box:1", "box:2" }));
            Assert.That(cluster.Pods("db").Select(pod => pod.Name), Is.EqualTo(new[] { "db-0" }));
        });
    }

    [Test]
    public async Task A_daemon_set_runs_on_every_node_that_fits_and_follows_new_ones()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 2);
        cluster.CreateNode("tainted", taints: """[{"key":"only","value":"me","effect":"NoSchedule"}]""");
        cluster.Create("""
            {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"agent"},"spec":{"selector":{"matchLabels":{"app":"agent"}},
             "updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":1}},
             "template":{"metadata":{"labels":{"app":"agent"}},"spec":{"containers":[{"name":"main","image":"box:1"}]}}}}
            """);
        await cluster.SettleAsync();
        cluster.CreateNode("node-9");
        await cluster.SettleAsync();
        var before = cluster.Pods("agent").Select(pod => pod.NodeName).Order().ToList();

        cluster.Patch("daemonsets", "apps", "agent", TestCluster.Image("box:2"));
        await cluster.SettleAsync();

        var status = cluster.Find("daemonsets", "agent", "apps")!.Status;
        Assert.Multiple(() =>
        {
            Assert.That(before, Is.EqualTo(new[] { "node-1", "node-2", "node-9" }));
            Assert.That(cluster.Pods("agent").Select(pod => pod.Spec.At("containers").Items().First().At("image").Text()), Is.EqualTo(new[] { "box:2", "box:2", "box:2" }));
            Assert.That(status.At("desiredNumberScheduled").Integer(), Is.EqualTo(3));
            Assert.That(status.At("numberAvailable").Integer(), Is.EqualTo(3));
            Assert.That(status.At("updatedNumberScheduled").Integer(), Is.EqualTo(3));
        });
    }

    [Test]
    public async Task A_scaled_down_set_loses_first_what_is_worth_least()
    {
        await using var cluster = await TestCluster.StartAsync(nodes: 1);
        cluster.Create("""
            {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"rs"},"spec":{"replicas":4,"selector":{"matchLabels":{"app":"rs"}},
             "template":{"metadata":{"labels":{"app":"rs"}},"spec":{"containers":[{"name":"main","image":"box:1"}]}}}}
            """);
        await cluster.SettleAsync();
        var pods = cluster.Pods("rs");
        cluster.Patch("pods", "", pods[0].Name, $$"""{"metadata":{"annotations":{"{{PodDeletionOrder.CostAnnotation}}":"10"} } }""");
        cluster.Patch("pods", "", pods[1].Name, $$"""{"metadata":{"annotations":{"{{PodDeletionOrder.CostAnnotation}}":"-10"} } }""");
        await cluster.SettleAsync();

        cluster.Patch("replicasets", "apps", "rs", """{"spec":{"replicas":3} }""");
        await cluster.SettleAsync();
        var cheapGone = cluster.Pods("rs").TrueForAll(pod => pod.Name != pods[1].Name);
        cluster.Patch("replicasets", "apps", "rs", """{"spec":{"replicas":1} }""");
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(cheapGone, Is.True);
            Assert.That(cluster.Pods("rs").Select(pod => pod.Name), Is.EqualTo(new[] { pods[0].Name }));
        });
    }

    [Test]
    public async Task A_set_adopts_what_matches_and_releases_what_no_longer_does()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"stray","labels":{"app":"rs"}},"spec":{"containers":[{"name":"main","image":"box:1"}]}}""");
        await cluster.SettleAsync(); // a set that does not see it yet makes two pods, and may then delete it as one too many
        cluster.Create("""
            {"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"rs"},"spec":{"replicas":2,"selector":{"matchLabels":{"app":"rs"}},
             "template":{"metadata":{"labels":{"app":"rs"}},"spec":{"containers":[{"name":"main","image":"box:1"}]}}}}
            """);
        await cluster.SettleAsync();
        var adopted = cluster.Find("pods", "stray")!.ControllerUid;

        cluster.Patch("pods", "", "stray", """{"metadata":{"labels":{"app":"other"} } }""");
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(adopted, Is.EqualTo(cluster.Find("replicasets", "rs", "apps")!.Uid));
            Assert.That(cluster.Find("pods", "stray")!.ControllerUid, Is.Null);
            Assert.That(cluster.Pods("rs"), Has.Count.EqualTo(2));
        });
    }
}
