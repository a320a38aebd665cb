using ClusterSim.Machinery;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Controllers;

public sealed class DeploymentTests
{
    private static readonly string SurgeOne = """{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1,"maxUnavailable":0} }""";

    [Test]
    public async Task A_deployment_gets_its_replica_set_and_pods_and_says_so_in_Kubernetes_words()
    {
        await using var cluster = await TestCluster.StartAsync();

        cluster.Create(TestCluster.Deployment("web", 3));
        await cluster.SettleAsync();

        var set = cluster.List("replicasets", "apps").Single();
        var status = cluster.Find("deployments", "web", "apps")!.Status;
        Assert.Multiple(() =>
        {
            Assert.That(cluster.Pods("web").Count(pod => pod.IsReady()), Is.EqualTo(3));
            Assert.That(status.At("availableReplicas").Integer(), Is.EqualTo(3));
            Assert.That(status.At("conditions").Items().Select(one => $"{one.At("type").Text()} {one.At("status").Text()} {one.At("reason").Text()} {one.At("message").Text()}"), Is.EquivalentTo(new[]
            {
                "Available True MinimumReplicasAvailable Deployment has minimum availability.",
                $"Progressing True NewReplicaSetAvailable ReplicaSet \"{set.Name}\" has successfully progressed.",
            }));
            Assert.That(cluster.Events("Deployment", "web"), Is.EqualTo(new[] { $"Normal ScalingReplicaSet: Scaled up replica set {set.Name} from 0 to 3 (deployment-controller)" }));
            Assert.That(cluster.Events("ReplicaSet", set.Name), Is.EquivalentTo(cluster.Pods("web").Select(pod => $"Normal SuccessfulCreate: Created pod: {pod.Name} (replicaset-controller)")));
            Assert.That(set.Metadata.At("annotations").TextMap(), Is.EquivalentTo(new Dictionary<string, string>
            {
                ["deployment.kubernetes.io/desired-replicas"] = "3",
                ["deployment.kubernetes.io/max-replicas"] = "4",
                ["deployment.kubernetes.io/revision"] = "1",
            }));
        });
    }

    [Test]
    public async Task A_rolling_update_goes_one_by_one_as_recorded()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 3, SurgeOne));
        await cluster.SettleAsync();
        var old = cluster.List("replicasets", "apps").Single().Name;

        cluster.Patch("deployments", "apps", "web", TestCluster.Image("box:2"));
        await cluster.SettleAsync();

        var fresh = cluster.List("replicasets", "apps").Single(set => set.Name != old).Name;
        Assert.Multiple(() =>
        {
            Assert.That(cluster.Events("Deployment", "web").Skip(1).Select(line => line.Replace(old, "old").Replace(fresh, "new")), Is.EqualTo(new[]
            {
                "Normal ScalingReplicaSet: Scaled up replica set new from 0 to 1 (deployment-controller)",
                "Normal ScalingReplicaSet: Scaled down replica set old from 3 to 2 (deployment-controller)",
                "Normal ScalingReplicaSet: Scaled up replica set new from 1 to 2 (deployment-controller)",
                "Normal ScalingReplicaSet: Scaled down replica set old from 2 to 1 (deployment-controller)",
                "Normal ScalingReplicaSet: Scaled up replica set new from 2 to 3 (deployment-controller)",
                "Normal ScalingReplicaSet: Scaled down replica set old from 1 to 0 (deployment-controller)",
            }));
            Assert.That(cluster.Pods("web").Select(pod => pod.Spec.At("containers").Items().First().At("image").Text()), Is.All.EqualTo("box:2"));
        });
    }

    [Test]
    public async Task A_rollback_makes_the_old_set_the_newest_revision()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 2, SurgeOne));
        await cluster.SettleAsync();
        var first = cluster.List("replicasets", "apps").Single().Name;
        cluster.Patch("deployments", "apps", "web", TestCluster.Image("box:2"));
        await cluster.SettleAsync();

        cluster.Patch("deployments", "apps", "web", TestCluster.Image("box:1"));
        await cluster.SettleAsync();

        var set = cluster.Find("replicasets", first, "apps")!;
        Assert.Multiple(() =>
        {
            Assert.That(set.Annotation("deployment.kubernetes.io/revision"), Is.EqualTo("3"));
            Assert.That(set.Annotation("deployment.kubernetes.io/revision-history"), Is.EqualTo("1"));
            Assert.That(set.Spec.At("replicas").Integer(), Is.EqualTo(2));
            Assert.That(cluster.Find("deployments", "web", "apps")!.Annotation("deployment.kubernetes.io/revision"), Is.EqualTo("3"));
        });
    }

    [Test]
    public async Task An_update_that_never_gets_ready_exceeds_its_deadline_and_keeps_the_old_pods()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 2, SurgeOne));
        await cluster.SettleAsync();

        cluster.Patch("deployments", "apps", "web", """{"spec":{"progressDeadlineSeconds":5,"template":{"spec":{"containers":[{"name":"main","image":"never-ready"}]} } } }""");
        await cluster.AdvanceAsync(4);
        var early = cluster.Find("deployments", "web", "apps")!.Condition("Progressing").At("reason").Text();
        await cluster.AdvanceAsync(4);

        var late = cluster.Find("deployments", "web", "apps")!;
        var set = cluster.List("replicasets", "apps").Single(one => one.Annotation("deployment.kubernetes.io/revision") == "2").Name;
        Assert.Multiple(() =>
        {
            Assert.That(early, Is.EqualTo("ReplicaSetUpdated"));
            Assert.That(late.Condition("Progressing").At("reason").Text(), Is.EqualTo("ProgressDeadlineExceeded"));
            Assert.That(late.Condition("Progressing").At("message").Text(), Is.EqualTo($"ReplicaSet \"{set}\" has timed out progressing."));
            Assert.That(late.Status.At("availableReplicas").Integer(), Is.EqualTo(2));
            Assert.That(late.Status.At("unavailableReplicas").Integer(), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Recreate_waits_until_every_old_pod_is_gone()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 2, """{"type":"Recreate"}"""));
        await cluster.SettleAsync();
        cluster.Kubelet.EndsAfter = TimeSpan.FromSeconds(10);

        cluster.Patch("deployments", "apps", "web", TestCluster.Image("box:2"));
        await cluster.AdvanceAsync(9);
        var during = cluster.Pods("web").Select(pod => pod.IsDeleting).ToList();
        await cluster.AdvanceAsync(2);

        Assert.Multiple(() =>
        {
            Assert.That(during, Is.EqualTo(new[] { true, true }));
            Assert.That(cluster.Pods("web").Select(pod => pod.IsReady()), Is.EqualTo(new[] { true, true }));
        });
    }

    [Test]
    public async Task A_paused_deployment_scales_but_does_not_roll()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 2));
        await cluster.SettleAsync();

        cluster.Patch("deployments", "apps", "web", """{"spec":{"paused":true} }""");
        cluster.Patch("deployments", "apps", "web", TestCluster.Image("box:2"));
        cluster.Patch("deployments", "apps", "web", """{"spec":{"replicas":4} }""");
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(cluster.List("replicasets", "apps"), Has.Count.EqualTo(1));
            Assert.That(cluster.Pods("web"), Has.Count.EqualTo(4));
            Assert.That(cluster.Find("deployments", "web", "apps")!.Condition("Progressing").At("reason").Text(), Is.EqualTo("DeploymentPaused"));
        });
    }

    [Test]
    public async Task History_beyond_the_limit_goes()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.Deployment("web", 1, more: ""","revisionHistoryLimit":2"""));
        await cluster.SettleAsync();
        for (var version = 2; version <= 6; version++)
        {
            cluster.Patch("deployments", "apps", "web", TestCluster.Image($"box:{version}"));
            await cluster.SettleAsync();
        }

        Assert.That(cluster.List("replicasets", "apps").Select(set => set.Annotation("deployment.kubernetes.io/revision")), Is.EquivalentTo(new[] { "4", "5", "6" }));
    }
}
