using System.Text.Json;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Metrics;
using ClusterSim.Nodes;

namespace ClusterSim.Tests.Cluster;

/// <summary>
/// What Kubernetes' own end-to-end tests of apps, scheduling and nodes expect (<c>test/e2e</c>), on whole clusters and a manual clock; those whose
/// subject has a test elsewhere are named in docs/conformance.md.
/// </summary>
public sealed class AppsConformanceTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 5, 12, 0, 30, TimeSpan.Zero);

    private ManualClock _clock = null!;
    private SimulatedCluster _cluster = null!;

    [SetUp]
    public async Task Start()
    {
        _clock = new ManualClock(Noon);
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions
        {
            Clock = _clock,
            Seed = 11,
            Nodes = [new NodeOptions { Name = "node-1", Labels = Zone("a") }, new NodeOptions { Name = "node-2", Labels = Zone("b") }],
        });
        await Pass(1);
    }

    [TearDown]
    public async Task Stop() => await _cluster.DisposeAsync();

    [TestCase("Allow", 3, 0)]
    [TestCase("Forbid", 1, 0)]
    [TestCase("Replace", 1, 2)]
    public async Task A_cron_job_starts_beside_instead_of_or_not_before_the_last_as_its_policy_says(string policy, int running, int ended)
    {
        _cluster.ApplyYaml(CronJob($"concurrencyPolicy: {policy}", "sleep 300"));

        await Pass(3 * 60);

        var told = _cluster.List("events", "default").Count(one => one.At("reason").Text() == "SuccessfulDelete" && one.At("involvedObject", "kind").Text() == "CronJob");
        Assert.Multiple(() =>
        {
            Assert.That(_cluster.List("jobs", "default"), Has.Count.EqualTo(running));
            Assert.That(_cluster.Find("cronjobs", "default", "tick")!.Value.At("status", "active").Count(), Is.EqualTo(running));
            Assert.That(told, Is.EqualTo(ended));
        });
    }

    [Test]
    public async Task A_suspended_cron_job_starts_nothing_and_a_finished_history_is_kept_short()
    {
        _cluster.ApplyYaml(CronJob("suspend: true", "true"));
        await Pass(5 * 60);
        Assert.That(_cluster.List("jobs", "default"), Is.Empty);

        _cluster.ApplyYaml(CronJob("successfulJobsHistoryLimit: 1, suspend: false", "true"));
        await Pass(5 * 60);

        Assert.That(_cluster.List("jobs", "default"), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_daemon_set_is_updated_as_its_strategy_says()
    {
        _cluster.ApplyYaml(DaemonSet("OnDelete", "1.27"));
        await Pass(5);
        _cluster.ApplyYaml(DaemonSet("OnDelete", "1.28"));
        await Pass(60);
        Assert.That(Images(), Is.EqualTo(new[] { "nginx:1.27", "nginx:1.27" }));

        _cluster.Delete("pods", "default", Pods("agent")[0].At("metadata", "name").Text(""));
        await Pass(60);
        Assert.That(Images(), Is.EqualTo(new[] { "nginx:1.27", "nginx:1.28" }));

        _cluster.ApplyYaml(DaemonSet("RollingUpdate", "1.29"));
        await Pass(60);
        Assert.That(Images(), Is.EqualTo(new[] { "nginx:1.29", "nginx:1.29" }));

        IEnumerable<string?> Images() => Pods("agent").Select(pod => pod.At("spec", "containers").Items().Single().At("image").Text()).Order(StringComparer.Ordinal);
    }

    [Test]
    public async Task A_deployment_in_the_middle_of_a_rollout_is_scaled_in_proportion()
    {
        _cluster.ApplyYaml(Workloads.Web(10, "1", surge: 3, unavailable: 2));
        await Pass(10);
        _cluster.ApplyYaml(Workloads.Web(10, "2", surge: 3, unavailable: 2).Replace("nginx:1.27", "nginx:404", StringComparison.Ordinal).Replace("path: /", "path: /absent", StringComparison.Ordinal));
        await Pass(10);
        Assert.That(Sizes(), Is.EqualTo(new[] { 5, 8 }));

        _cluster.ApplyYaml(Workloads.Web(30, "2", surge: 3, unavailable: 2).Replace("nginx:1.27", "nginx:404", StringComparison.Ordinal).Replace("path: /", "path: /absent", StringComparison.Ordinal));
        await Pass(10);

        Assert.That(Sizes(), Is.EqualTo(new[] { 13, 20 }));

        IEnumerable<long> Sizes() => _cluster.List("replicasets", "default").Select(set => (long)set.At("spec", "replicas").Integer(0)).Order();
    }

    [Test]
    public async Task A_set_that_its_quota_holds_back_says_so_until_it_fits()
    {
        _cluster.ApplyYaml("""{apiVersion: v1, kind: ResourceQuota, metadata: {name: two}, spec: {hard: {pods: "2"}}}""");
        await Pass(1);
        _cluster.ApplyYaml(ReplicaSet(3));
        await Pass(5);
        var refused = Failure();
        Assert.That(refused.At("reason").Text(), Is.EqualTo("FailedCreate"));
        Assert.That(refused.At("message").Text(), Does.Contain("exceeded quota: two, requested: pods=1, used: pods=2, limited: pods=2"));

        _cluster.ApplyYaml(ReplicaSet(2));
        await Pass(5);

        Assert.That(Failure().Exists(), Is.False);

        JsonElement Failure() => _cluster.Find("replicasets", "default", "rs")!.Value.At("status", "conditions").Items().FirstOrDefault(one => one.At("type").Text() == "ReplicaFailure");
    }

    [Test]
    public async Task A_stateful_set_waits_for_its_unready_member_and_a_parallel_one_does_not()
    {
        _cluster.ApplyYaml(StatefulSet("ordered", "OrderedReady"));
        _cluster.ApplyYaml(StatefulSet("burst", "Parallel"));

        await Pass(20);

        Assert.Multiple(() =>
        {
            Assert.That(Pods("ordered"), Has.Count.EqualTo(1));
            Assert.That(Pods("burst"), Has.Count.EqualTo(3));
        });
    }

    [Test]
    public async Task Two_pods_do_not_share_a_host_port_of_a_node_and_gated_pods_wait()
    {
        foreach (var name in (string[])["first", "second", "third"])
            _cluster.ApplyYaml($$"""{apiVersion: v1, kind: Pod, metadata: {name: {{name}} }, spec: {containers: [{name: main, image: "registry.k8s.io/pause:3.10", ports: [{containerPort: 80, hostPort: 8080}]}]} }""");
        _cluster.ApplyYaml("""{apiVersion: v1, kind: Pod, metadata: {name: gated}, spec: {schedulingGates: [{name: example.com/wait}], containers: [{name: main, image: "registry.k8s.io/pause:3.10"}]}}""");
        await Pass(5);

        Assert.Multiple(() =>
        {
            Assert.That(new[] { "first", "second" }.Select(pod => Pod(pod).At("spec", "nodeName").Text()), Is.EquivalentTo(new[] { "node-1", "node-2" }));
            Assert.That(Scheduled("third"), Is.EqualTo("Unschedulable: 0/2 nodes are available: 2 node(s) didn't have free ports for the requested pod ports. no new claims to deallocate, preemption: 0/2 nodes are available: 2 No preemption victims found for incoming pod."));
            Assert.That(Scheduled("gated"), Is.EqualTo("SchedulingGated: Scheduling is blocked due to non-empty scheduling gates"));
        });

        string Scheduled(string pod) => Pod(pod).At("status", "conditions").Items().Where(one => one.At("type").Text() == "PodScheduled").Select(one => $"{one.At("reason").Text()}: {one.At("message").Text()}").Single();
    }

    [Test]
    public async Task A_pod_is_taken_off_a_node_with_a_NoExecute_taint_after_the_seconds_it_tolerates()
    {
        _cluster.ApplyYaml("""
            {apiVersion: v1, kind: Pod, metadata: {name: patient}, spec: {nodeName: node-1, terminationGracePeriodSeconds: 1, tolerations: [{key: evict, operator: Exists, effect: NoExecute, tolerationSeconds: 20}],
             containers: [{name: main, image: "registry.k8s.io/pause:3.10"}]}}
            """);
        await Pass(2);
        _cluster.ApplyYaml("{apiVersion: v1, kind: Node, metadata: {name: node-1}, spec: {taints: [{key: evict, value: now, effect: NoExecute}]}}");

        await Pass(18);
        Assert.That(_cluster.Find("pods", "default", "patient"), Is.Not.Null);
        await Pass(5);
        Assert.That(_cluster.Find("pods", "default", "patient"), Is.Null);
    }

    [Test]
    public async Task A_taint_taken_away_in_time_evicts_nobody()
    {
        _cluster.ApplyYaml("""
            {apiVersion: v1, kind: Pod, metadata: {name: patient}, spec: {nodeName: node-1, terminationGracePeriodSeconds: 1, tolerations: [{key: evict, operator: Exists, effect: NoExecute, tolerationSeconds: 20}],
             containers: [{name: main, image: "registry.k8s.io/pause:3.10"}]}}
            """);
        await Pass(2);
        _cluster.ApplyYaml("{apiVersion: v1, kind: Node, metadata: {name: node-1}, spec: {taints: [{key: evict, value: now, effect: NoExecute}]}}");
        await Pass(10);
        _cluster.ApplyYaml("{apiVersion: v1, kind: Node, metadata: {name: node-1}, spec: {taints: []}}");

        await Pass(60);

        Assert.That(Pod("patient").At("metadata", "deletionTimestamp").Exists(), Is.False);
    }

    [Test]
    public async Task A_jobs_index_that_fails_for_good_fails_alone()
    {
        _cluster.ApplyYaml("""
            apiVersion: batch/v1
            kind: Job
            metadata: { name: parts }
            spec:
              completions: 3
              parallelism: 3
              completionMode: Indexed
              backoffLimitPerIndex: 1
              template:
                spec:
                  restartPolicy: Never
                  containers: [{ name: main, image: "busybox:1.36", command: [sh, -c, "test $JOB_COMPLETION_INDEX != 1"] }]
            """);

        await Pass(60);

        var status = _cluster.Find("jobs", "default", "parts")!.Value.At("status");
        Assert.That(
            $"{status.At("completedIndexes").Text()} {status.At("failedIndexes").Text()} {status.At("succeeded").Integer(0)} {status.At("failed").Integer(0)} {status.At("conditions").Items().Last().At("reason").Text()}",
            Is.EqualTo("0,2 1 2 2 FailedIndexes"));
    }

    [Test]
    public async Task A_claim_grows_where_its_class_allows_it()
    {
        foreach (var (name, allows) in (ReadOnlySpan<(string, string)>)[("elastic", "true"), ("stiff", "false")])
            _cluster.ApplyYaml($$"""{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: {{name}} }, provisioner: folders.clustersim, allowVolumeExpansion: {{allows}}, volumeBindingMode: Immediate}""");
        _cluster.ApplyYaml(Claim("elastic", "1Gi"));
        _cluster.ApplyYaml(Claim("stiff", "1Gi"));
        await Pass(2);

        _cluster.ApplyYaml(Claim("elastic", "2Gi"));
        await Pass(2);

        var claim = _cluster.Find("persistentvolumeclaims", "default", "elastic")!.Value;
        Assert.Multiple(() =>
        {
            Assert.That(claim.At("status", "capacity", "storage").Text(), Is.EqualTo("2Gi"));
            Assert.That(_cluster.Find("persistentvolumes", null, claim.At("spec", "volumeName").Text(""))!.Value.At("spec", "capacity", "storage").Text(), Is.EqualTo("2Gi"));
            Assert.That(() => _cluster.ApplyYaml(Claim("stiff", "2Gi")), Throws.Exception.With.Message.Contains("the storageclass that provisions the pvc must support resize"));
        });

        static string Claim(string name, string size) =>
            $$"""{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: {{name}} }, spec: {storageClassName: {{name}}, accessModes: [ReadWriteOnce], resources: {requests: {storage: {{size}} } } } }""";
    }

    [Test]
    public async Task An_autoscaler_grows_as_fast_and_shrinks_as_slowly_as_it_may()
    {
        _cluster.ApplyYaml(Workloads.Web(2).Replace("image: nginx:1.27", "image: nginx:1.27\n          resources: { requests: { cpu: 100m } }", StringComparison.Ordinal));
        _cluster.ApplyYaml("""
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: { name: web }
            spec:
              scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
              minReplicas: 1
              maxReplicas: 6
              metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]
              behavior:
                scaleUp: { policies: [{ type: Pods, value: 2, periodSeconds: 60 }] }
                scaleDown: { stabilizationWindowSeconds: 60, policies: [{ type: Pods, value: 1, periodSeconds: 30 }] }
            """);
        _cluster.Metrics.SetPods("default", "app=web", cpu: "52m");
        await Pass(60);
        var tolerated = Replicas();
        _cluster.Metrics.SetPods("default", "app=web", cpu: "200m");
        await Pass(40);
        var grown = Replicas();
        await Pass(60);
        var full = Replicas();
        _cluster.Metrics.SetPods("default", "app=web", cpu: "5m");
        await Pass(40);
        var held = Replicas();
        await Pass(50);
        var shrinking = Replicas();
        await Pass(300);

        Assert.Multiple(() =>
        {
            Assert.That(new[] { tolerated, grown, full, held }, Is.EqualTo(new[] { 2, 4, 6, 6 }));
            Assert.That(shrinking, Is.InRange(4, 5));
            Assert.That(Replicas(), Is.EqualTo(1));
        });

        int Replicas() => _cluster.Find("deployments", "default", "web")!.Value.At("spec", "replicas").Integer(0);
    }

    private async Task Pass(int seconds) => await _clock.AdvanceAsync(TimeSpan.FromSeconds(seconds));

    private JsonElement Pod(string name) => _cluster.Find("pods", "default", name)!.Value;

    private List<JsonElement> Pods(string app) => [.. _cluster.List("pods", "default", $"app={app}").OrderBy(pod => pod.At("metadata", "name").Text(""), StringComparer.Ordinal)];

    private static Dictionary<string, string> Zone(string name) => new(StringComparer.Ordinal) { ["topology.kubernetes.io/zone"] = name };

    private static string CronJob(string spec, string command) => $$"""
        {apiVersion: batch/v1, kind: CronJob, metadata: {name: tick}, spec: {schedule: "* * * * *", {{spec}}, jobTemplate: {spec: {template: {spec: {restartPolicy: Never,
         terminationGracePeriodSeconds: 1, containers: [{name: main, image: "busybox:1.36", command: [sh, -c, "{{command}}"]}]} } } } } }
        """;

    private static string DaemonSet(string strategy, string version) => $$"""
        {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {app: agent} }, updateStrategy: {type: {{strategy}} },
         template: {metadata: {labels: {app: agent} }, spec: {terminationGracePeriodSeconds: 1, containers: [{name: main, image: "nginx:{{version}}"}]} } } }
        """;

    private static string ReplicaSet(int replicas) => $$"""
        {apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: rs}, spec: {replicas: {{replicas}}, selector: {matchLabels: {app: rs} },
         template: {metadata: {labels: {app: rs} }, spec: {containers: [{name: main, image: "registry.k8s.io/pause:3.10"}]} } } }
        """;

    private static string StatefulSet(string name, string management) => $$"""
        {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: {{name}} }, spec: {replicas: 3, serviceName: {{name}}, podManagementPolicy: {{management}}, selector: {matchLabels: {app: {{name}} } },
         template: {metadata: {labels: {app: {{name}} } }, spec: {containers: [{name: main, image: "nginx:1.27", readinessProbe: {httpGet: {path: /absent, port: 80}, periodSeconds: 1} }]} } } }
        """;
}
