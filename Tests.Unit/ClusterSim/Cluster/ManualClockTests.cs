using ClusterSim;
using ClusterSim.Faults;
using ClusterSim.Machinery;
using ClusterSim.Nodes;

namespace ClusterSim.Tests.Cluster;

/// <summary>Whole clusters of simulated images on a clock that only goes when told to.</summary>
public sealed class ManualClockTests
{
    private static readonly DateTimeOffset Midnight = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    private ManualClock _clock = null!;
    private SimulatedCluster _cluster = null!;

    [SetUp]
    public async Task Start()
    {
        _clock = new ManualClock(Midnight);
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Clock = _clock, Seed = 7, Nodes = [Node("node-1"), Node("node-2")] });
    }

    [TearDown]
    public async Task Stop() => await _cluster.DisposeAsync();

    [Test]
    public async Task A_probed_deployment_becomes_ready_in_simulated_seconds()
    {
        _cluster.ApplyYaml(Workloads.Web(3));

        await _clock.AdvanceAsync(TimeSpan.FromSeconds(5));

        Assert.That(_cluster.Find("deployments", "default", "web")!.Value.At("status", "readyReplicas").Integer(0), Is.EqualTo(3));
    }

    [Test]
    public async Task A_cron_job_runs_every_hour_of_a_day()
    {
        _cluster.ApplyYaml("""
            apiVersion: batch/v1
            kind: CronJob
            metadata: { name: hourly }
            spec:
              schedule: "0 * * * *"
              successfulJobsHistoryLimit: 100
              jobTemplate:
                spec:
                  template:
                    spec:
                      restartPolicy: Never
                      containers: [{ name: main, image: "busybox:1.36", command: [sh, -c, "sleep 30; echo done"] }]
            """);

        await _clock.AdvanceAsync(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(1));

        var jobs = _cluster.List("jobs");
        Assert.Multiple(() =>
        {
            Assert.That(jobs, Has.Count.EqualTo(24));
            Assert.That(jobs.Select(job => job.At("status", "succeeded").Integer(0)), Is.All.EqualTo(1));
            Assert.That(
                jobs.Select(job => job.At("status", "startTime").Time()!.Value).Order(),
                Is.EqualTo(Enumerable.Range(1, 24).Select(hour => Midnight.AddHours(hour))));
        });
    }

    [Test]
    public async Task A_job_that_fails_is_tried_again_after_10_20_and_40_seconds()
    {
        _cluster.ApplyYaml("""
            apiVersion: batch/v1
            kind: Job
            metadata: { name: stuck }
            spec:
              backoffLimit: 3
              template:
                spec:
                  restartPolicy: Never
                  containers: [{ name: main, image: "busybox:1.36", command: [sh, -c, "exit 3"] }]
            """);

        await _clock.AdvanceAsync(TimeSpan.FromMinutes(5));

        var starts = _cluster.List("pods", "default").Select(pod => (pod.At("metadata", "creationTimestamp").Time()!.Value - Midnight).TotalSeconds).Order().ToList();
        var job = _cluster.Find("jobs", "default", "stuck")!.Value;
        Assert.Multiple(() =>
        {
            Assert.That(starts, Has.Count.EqualTo(4));
            Assert.That(starts[1] - starts[0], Is.InRange(10, 13));
            Assert.That(starts[2] - starts[1], Is.InRange(20, 23));
            Assert.That(starts[3] - starts[2], Is.InRange(40, 43));
            Assert.That(job.At("status", "conditions").Items().Select(condition => condition.At("reason").Text()), Is.All.EqualTo("BackoffLimitExceeded"));
        });
    }

    [Test]
    public async Task A_node_that_stops_is_noticed_and_its_pods_run_elsewhere()
    {
        _cluster.ApplyYaml(Workloads.Web(2));
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(10));
        var lost = _cluster.List("pods", "default")[0].At("spec", "nodeName").Text("");

        _cluster.Faults.StopNode(lost);
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(60));
        var ready = _cluster.Find("nodes", null, lost)!.Value.At("status", "conditions").Items().Single(condition => condition.At("type").Text() == "Ready");
        Assert.That(ready.At("status").Text(), Is.EqualTo("Unknown"));
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(330));

        Assert.That(_cluster.Find("deployments", "default", "web")!.Value.At("status", "readyReplicas").Integer(0), Is.EqualTo(2));
        _cluster.Faults.StartNode(lost);
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(60));
        Assert.That(_cluster.List("pods", "default"), Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_killed_pod_is_restarted_where_it_is()
    {
        _cluster.ApplyYaml(Workloads.Web(1));
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(10));
        var pod = _cluster.List("pods", "default").Single().At("metadata", "name").Text("");

        Assert.That(_cluster.Faults.KillPod("default", pod));
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(5));

        var status = _cluster.Find("pods", "default", pod)!.Value.At("status", "containerStatuses").Items().Single();
        Assert.Multiple(() =>
        {
            Assert.That(status.At("restartCount").Integer(0), Is.EqualTo(1));
            Assert.That(status.At("lastState", "terminated", "exitCode").Integer(0), Is.EqualTo(137));
            Assert.That(status.At("ready").Flag(false));
        });
    }

    [Test]
    public async Task An_absent_image_is_pulled_in_vain_until_it_is_back()
    {
        using (_cluster.Faults.MakeImageAbsent("nginx:1.27"))
        {
            _cluster.ApplyYaml(Workloads.Web(1));
            await _clock.AdvanceAsync(TimeSpan.FromSeconds(5));
            var waiting = _cluster.List("pods", "default").Single().At("status", "containerStatuses").Items().Single().At("state", "waiting", "reason").Text();
            Assert.That(waiting, Is.AnyOf("ErrImagePull", "ImagePullBackOff"));
        }
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(60));

        Assert.That(_cluster.Find("deployments", "default", "web")!.Value.At("status", "readyReplicas").Integer(0), Is.EqualTo(1));
    }

    [Test]
    public async Task A_delayed_start_is_that_much_later()
    {
        using var delay = _cluster.Faults.DelayStart(TimeSpan.FromSeconds(30), (_, pod, _) => pod.StartsWith("web-", StringComparison.Ordinal));
        _cluster.ApplyYaml(Workloads.Web(1));

        await _clock.AdvanceAsync(TimeSpan.FromSeconds(28));
        Assert.That(Started(), Is.Null);
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(4));
        Assert.That(Started(), Is.EqualTo(Midnight.AddSeconds(30)));

        DateTimeOffset? Started() => _cluster.List("pods", "default").Single().At("status", "containerStatuses").Items().Single().At("state", "running", "startedAt").Time();
    }

    [Test]
    public async Task An_autoscaler_without_metrics_says_so_as_often_as_events_may_be_told()
    {
        _cluster.ApplyYaml(Workloads.Web(2));
        _cluster.ApplyYaml("""
            apiVersion: autoscaling/v2
            kind: HorizontalPodAutoscaler
            metadata: { name: web }
            spec:
              scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
              minReplicas: 1
              maxReplicas: 5
              metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]
            """);

        await _clock.AdvanceAsync(TimeSpan.FromMinutes(6));

        var told = _cluster.List("events", "default").Single(told => told.At("reason").Text() == "FailedGetResourceMetric");
        Assert.Multiple(() =>
        {
            // Two reasons a sync, 25 events of one object, and one more every five minutes.
            Assert.That(told.At("count").Integer(1), Is.InRange(12, 14));
            Assert.That(_cluster.Find("deployments", "default", "web")!.Value.At("spec", "replicas").Integer(0), Is.EqualTo(2));
        });
    }

    private static NodeOptions Node(string name) => new() { Name = name };
}
