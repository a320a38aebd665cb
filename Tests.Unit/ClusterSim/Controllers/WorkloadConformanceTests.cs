using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Objects;
using ClusterSim.Patching;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Controllers;

/// <summary>What Kubernetes' end-to-end tests of apps (<c>test/e2e/apps</c>) expect of the controllers, where no other test here holds it (docs/conformance.md).</summary>
public sealed class WorkloadConformanceTests
{
    private const string RevisionLabel = "controller-revision-hash";

    private static string DaemonSet(string rolling, string more = "") => $$"""
        {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"agent"},"spec":{"selector":{"matchLabels":{"app":"agent"} },"revisionHistoryLimit":10{{more}},
         "updateStrategy":{"type":"RollingUpdate","rollingUpdate":{ {{rolling}} } },
         "template":{"metadata":{"labels":{"app":"agent"} },"spec":{"containers":[{"name":"main","image":"box:1"}]} } } }
        """;

    [TestCase("Failed", "Warning RecreatingFailedPod: StatefulSet default/db is recreating failed Pod db-1 (statefulset-controller)")]
    [TestCase("Succeeded", "Normal RecreatingTerminatedPod: StatefulSet default/db is recreating terminated Pod db-1 (statefulset-controller)")]
    public async Task A_member_that_ended_is_made_again(string phase, string told)
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.StatefulSet("Retain", "Retain"));
        await cluster.AdvanceAsync(5);
        var before = cluster.Find("pods", "db-1")!.Uid;

        End(cluster, "db-1", phase);
        await cluster.AdvanceAsync(5);

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("pods", "db-1")!.Uid, Is.Not.EqualTo(before));
            Assert.That(cluster.Pods("db").Select(pod => pod.IsReady()), Is.EqualTo(new[] { true, true, true }));
            Assert.That(cluster.Events("StatefulSet", "db"), Does.Contain(told));
        });
    }

    [Test]
    public async Task A_template_set_back_in_a_rollout_makes_no_new_revision_of_a_stateful_set()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(TestCluster.StatefulSet("Retain", "Retain"));
        await cluster.AdvanceAsync(5);
        var first = cluster.Find("statefulsets", "db", "apps")!.Status.At("currentRevision").Text();
        cluster.Patch("statefulsets", "apps", "db", TestCluster.Image("box:2"));
        await cluster.AdvanceAsync(5);

        cluster.Patch("statefulsets", "apps", "db", TestCluster.Image("box:1"));
        await cluster.AdvanceAsync(5);

        Assert.Multiple(() =>
        {
            Assert.That(cluster.List("controllerrevisions", "apps"), Has.Count.EqualTo(2));
            Assert.That(cluster.Find("statefulsets", "db", "apps")!.Status.At("currentRevision").Text(), Is.EqualTo(first));
            Assert.That(cluster.Find("controllerrevisions", first!, "apps")!.Root.At("revision").Integer(), Is.EqualTo(3));
            Assert.That(cluster.Pods("db").Select(pod => pod.Labels[RevisionLabel]), Is.All.EqualTo(first));
        });
    }

    [Test]
    public async Task A_surging_daemon_set_starts_the_new_pod_of_a_node_before_the_old_one_goes()
    {
        var (least, most) = (int.MaxValue, 0);
        TestCluster? all = null;
        await using var cluster = await TestCluster.StartAsync(prepare: one =>
        {
            all = one;
            one.Watch("pods", "", _ =>
            {
                var pods = all!.Pods("agent");
                if (pods.Count < 3)
                    return;
                least = Math.Min(least, pods.Count(pod => pod.IsReady() && !pod.IsDeleting));
                most = Math.Max(most, pods.Count(pod => !pod.IsDeleting));
            });
        });
        cluster.Create(DaemonSet("\"maxSurge\":1,\"maxUnavailable\":0"));
        await cluster.AdvanceAsync(5);
        (least, most) = (int.MaxValue, 0);
        cluster.Kubelet.ReadyAfter = TimeSpan.FromSeconds(4);

        cluster.Patch("daemonsets", "apps", "agent", TestCluster.Image("box:2"));
        await cluster.AdvanceAsync(60);

        Assert.Multiple(() =>
        {
            Assert.That(least, Is.EqualTo(3), "pods ready at any time");
            Assert.That(most, Is.EqualTo(4), "pods at any time");
            Assert.That(cluster.Pods("agent").Select(Image), Is.EqualTo(new[] { "box:2", "box:2", "box:2" }));
            Assert.That(cluster.Find("daemonsets", "agent", "apps")!.Status.At("updatedNumberScheduled").Integer(), Is.EqualTo(3));
        });
    }

    [Test]
    public async Task A_daemon_pod_that_fails_is_replaced_and_one_that_keeps_failing_ever_more_slowly()
    {
        var made = 0;
        await using var cluster = await TestCluster.StartAsync(nodes: 1, prepare: one => one.Watch("pods", "", change => made += change.Change == StoreChange.Added ? 1 : 0));
        cluster.Create(DaemonSet("\"maxUnavailable\":1"));
        await cluster.AdvanceAsync(5);
        var name = cluster.Pods("agent").Single().Name;

        End(cluster, name, "Failed");
        await cluster.AdvanceAsync(5);
        Assert.Multiple(() =>
        {
            Assert.That(cluster.Pods("agent").Single().Name, Is.Not.EqualTo(name));
            Assert.That(cluster.Pods("agent").Single().IsReady(), Is.True);
            Assert.That(cluster.Events("DaemonSet", "agent"), Does.Contain($"Warning FailedDaemonPod: Found failed daemon pod default/{name} on node node-1, will try to kill it (daemonset-controller)"));
        });

        cluster.Kubelet.Exit = _ => 1;
        End(cluster, cluster.Pods("agent").Single().Name, "Failed");
        made = 0;
        await cluster.AdvanceAsync(60);

        // After 0, 2, 6, 14 and 30 s, or with the wait that was left over one fewer.
        Assert.That(made, Is.InRange(3, 6));
    }

    [Test]
    public async Task A_daemon_set_rolled_back_in_the_middle_leaves_the_old_pods_alone()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(DaemonSet("\"maxUnavailable\":1"));
        await cluster.AdvanceAsync(5);
        cluster.Patch("daemonsets", "apps", "agent", TestCluster.Image("never-ready"));
        await cluster.AdvanceAsync(5);
        var old = cluster.Pods("agent").Where(pod => Image(pod) == "box:1").Select(pod => pod.Name).ToList();
        Assert.That(old, Has.Count.EqualTo(2));

        cluster.Patch("daemonsets", "apps", "agent", TestCluster.Image("box:1"));
        await cluster.AdvanceAsync(5);

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Pods("agent").Select(Image), Is.EqualTo(new[] { "box:1", "box:1", "box:1" }));
            Assert.That(cluster.Pods("agent").Select(pod => pod.Name), Is.SupersetOf(old));
        });
    }

    [Test]
    public async Task Daemon_pods_come_and_go_with_the_labels_of_nodes()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(DaemonSet("\"maxUnavailable\":1").Replace("\"spec\":{\"containers\"", "\"spec\":{\"nodeSelector\":{\"color\":\"blue\"},\"containers\"", StringComparison.Ordinal));
        await cluster.AdvanceAsync(2);
        Assert.That(cluster.Pods("agent"), Is.Empty);

        cluster.Patch("nodes", "", "node-2", """{"metadata":{"labels":{"color":"blue"}}}""");
        await cluster.AdvanceAsync(2);
        Assert.That(cluster.Pods("agent").Select(pod => pod.NodeName), Is.EqualTo(new[] { "node-2" }));

        cluster.Patch("nodes", "", "node-2", """{"metadata":{"labels":{"color":"green"}}}""");
        await cluster.AdvanceAsync(2);
        Assert.That(cluster.Pods("agent"), Is.Empty);

        cluster.Patch("daemonsets", "apps", "agent", """{"spec":{"template":{"spec":{"nodeSelector":{"color":"green"}}}}}""");
        await cluster.AdvanceAsync(2);
        Assert.That(cluster.Pods("agent").Select(pod => pod.NodeName), Is.EqualTo(new[] { "node-2" }));
    }

    [Test]
    public async Task Revisions_of_a_daemon_set_are_patched_made_deleted_and_counted_on()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(DaemonSet("\"maxUnavailable\":1"));
        await cluster.AdvanceAsync(2);
        var first = cluster.List("controllerrevisions", "apps").Single();
        Assert.Multiple(() =>
        {
            Assert.That(first.Labels.GetValueOrDefault("app"), Is.EqualTo("agent"));
            Assert.That(first.Name, Is.EqualTo($"agent-{first.Labels.GetValueOrDefault(RevisionLabel)}"));
            Assert.That(cluster.Pods("agent").Select(pod => pod.Labels[RevisionLabel]), Is.All.EqualTo(first.Labels.GetValueOrDefault(RevisionLabel)));
        });
        cluster.Patch("controllerrevisions", "apps", first.Name, """{"metadata":{"labels":{"patched":"yes"}}}""");
        Assert.That(cluster.Find("controllerrevisions", first.Name, "apps")!.Labels["patched"], Is.EqualTo("yes"));

        var second = first.ToObject();
        second["metadata"] = System.Text.Json.Nodes.JsonNode.Parse($$"""
            {"name":"agent-second","namespace":"default","labels":{"app":"agent","{{RevisionLabel}}":"second"},
             "ownerReferences":[{"apiVersion":"apps/v1","kind":"DaemonSet","name":"agent","uid":"{{first.ControllerUid}}","controller":true}]}
            """);
        second["revision"] = 2;
        cluster.Create(second.ToJsonString());
        cluster.Delete("controllerrevisions", "apps", first.Name);
        await cluster.AdvanceAsync(2);
        Assert.That(cluster.List("controllerrevisions", "apps").Select(one => one.Name), Is.EqualTo(new[] { "agent-second" }));

        cluster.Patch("daemonsets", "apps", "agent", """{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":1}}}}""");
        await cluster.AdvanceAsync(5);
        Assert.That(cluster.List("controllerrevisions", "apps"), Has.Count.EqualTo(2));
        cluster.Delete("controllerrevisions", "apps", "agent-second");
        await cluster.AdvanceAsync(2);

        Assert.That(cluster.List("controllerrevisions", "apps").Single().Root.At("revision").Integer(), Is.EqualTo(3));
    }

    [Test]
    public async Task Revisions_of_a_daemon_set_that_hold_the_same_are_made_one_without_a_restart()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(DaemonSet("\"maxUnavailable\":1"));
        await cluster.AdvanceAsync(5);
        var first = cluster.List("controllerrevisions", "apps").Single();
        var before = cluster.Pods("agent").Select(pod => pod.Uid).ToList();
        var second = first.ToObject();
        second["metadata"] = System.Text.Json.Nodes.JsonNode.Parse($$"""
            {"name":"agent-second","namespace":"default","labels":{"app":"agent","{{RevisionLabel}}":"second"},
             "ownerReferences":[{"apiVersion":"apps/v1","kind":"DaemonSet","name":"agent","uid":"{{first.ControllerUid}}","controller":true}]}
            """);
        second["revision"] = 2;
        cluster.Create(second.ToJsonString());

        cluster.Patch("daemonsets", "apps", "agent", """{"metadata":{"annotations":{"looked":"at"}}}""");
        await cluster.AdvanceAsync(10);

        Assert.Multiple(() =>
        {
            Assert.That(cluster.List("controllerrevisions", "apps").Select(one => one.Name), Is.EqualTo(new[] { "agent-second" }));
            Assert.That(cluster.Pods("agent").Select(pod => pod.Labels[RevisionLabel]), Is.All.EqualTo("second"));
            Assert.That(cluster.Pods("agent").Select(pod => pod.Uid), Is.EqualTo(before));
        });
    }

    [Test]
    public async Task A_job_takes_its_orphans_back_and_lets_go_of_pods_that_match_no_more()
    {
        await using var cluster = await TestCluster.StartAsync();
        var job = cluster.Create("""
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"work"},"spec":{"parallelism":2,"completions":2,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"box:1"}]}}}}
            """);
        await cluster.AdvanceAsync(2);
        var pod = cluster.Pods()[0].Name;

        cluster.Patch("pods", "", pod, """{"metadata":{"ownerReferences":null}}""");
        await cluster.AdvanceAsync(2);
        Assert.That(cluster.Find("pods", pod)!.ControllerUid, Is.EqualTo(job.Uid));

        cluster.Patch("pods", "", pod, """{"metadata":{"labels":null}}""");
        await cluster.AdvanceAsync(2);
        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("pods", pod)!.ControllerUid, Is.Null);
            Assert.That(cluster.Pods().Count(one => one.ControllerUid == job.Uid), Is.EqualTo(2));
        });
    }

    [Test]
    public async Task A_job_that_ignores_disruptions_counts_no_evicted_pod()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create("""
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"work"},"spec":{"parallelism":1,"completions":1,"backoffLimit":0,
             "podFailurePolicy":{"rules":[{"action":"Ignore","onPodConditions":[{"type":"DisruptionTarget","status":"True"}]}]},
             "template":{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"box:1"}]}}}}
            """);
        await cluster.AdvanceAsync(2);
        var evicted = cluster.Pods().Single().Name;

        End(cluster, evicted, "Failed", """,{"type":"DisruptionTarget","status":"True","reason":"EvictionByEvictionAPI"}""");
        await cluster.AdvanceAsync(60);

        var status = cluster.Find("jobs", "work", "batch")!.Status;
        Assert.Multiple(() =>
        {
            Assert.That(status.At("failed").Integer(0), Is.Zero);
            Assert.That(status.At("active").Integer(0), Is.EqualTo(1));
            Assert.That(status.At("conditions").Count(), Is.Zero);
        });
    }

    [Test]
    public async Task A_job_deleted_takes_its_running_pods_along()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create("""
            {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"work"},"spec":{"parallelism":2,"completions":4,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"box:1"}]}}}}
            """);
        await cluster.AdvanceAsync(2);
        Assert.That(cluster.Find("jobs", "work", "batch")!.Status.At("active").Integer(), Is.EqualTo(2));

        cluster.Delete("jobs", "batch", "work", "Foreground");
        await cluster.AdvanceAsync(10);

        Assert.That(cluster.Find("jobs", "work", "batch"), Is.Null);
        Assert.That(cluster.Pods(), Is.Empty);
    }

    [TestCase(100, 0)]
    [TestCase(101, 1)]
    public async Task More_than_a_hundred_missed_starts_are_told_of_and_one_job_is_started(int minutes, int told)
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create("""
            {"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"tick"},"spec":{"schedule":"* * * * *","suspend":true,"concurrencyPolicy":"Forbid","successfulJobsHistoryLimit":3,"failedJobsHistoryLimit":1,
             "jobTemplate":{"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"box:1"}]}}}}}}
            """);
        await cluster.AdvanceAsync((60 * minutes) + 1);
        Assert.That(cluster.List("jobs", "batch"), Is.Empty);

        cluster.Patch("cronjobs", "batch", "tick", """{"spec":{"suspend":false}}""");
        await cluster.AdvanceAsync(2);

        Assert.Multiple(() =>
        {
            Assert.That(cluster.List("jobs", "batch"), Has.Count.EqualTo(1));
            Assert.That(
                cluster.Events("CronJob", "tick").Count(one => one == "Warning TooManyMissedTimes: too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew (cronjob-controller)"),
                Is.EqualTo(told));
        });
    }

    private static string? Image(Document pod) => pod.Spec.At("containers").Items().Single().At("image").Text();

    private static void End(TestCluster cluster, string pod, string phase, string conditions = "") =>
        cluster.Admin.Patch(cluster.Resource("pods"), new ObjectKey("default", pod), PatchType.Merge, System.Text.Json.Nodes.JsonNode.Parse(
            $$"""{"status":{"phase":"{{phase}}","conditions":[{"type":"Ready","status":"False"}{{conditions}}]} }""")!, "status");
}
