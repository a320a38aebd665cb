using ClusterSim;
using ClusterSim.Faults;
using ClusterSim.Machinery;
using ClusterSim.Manifests;
using ClusterSim.Nodes;

namespace ClusterSim.Tests.Cluster;

/// <summary>What Kubernetes' tests of nodes and scheduling expect of a whole cluster: RuntimeClasses, critical pods, aliases of hosts, memory that is exceeded. One cluster for all.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public sealed class NodeConformanceTests
{
    private ManualClock _clock = null!;
    private SimulatedCluster _cluster = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _clock = new ManualClock(new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.Zero));
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Clock = _clock, Seed = 3, Nodes = [new NodeOptions { Name = "node-1", Cpu = "2", Memory = "4Gi" }] });
        await Pass(1);
    }

    [OneTimeTearDown]
    public async Task Stop() => await _cluster.DisposeAsync();

    [Test]
    public async Task A_pod_of_a_RuntimeClass_that_is_not_there_or_is_there_no_more_is_refused()
    {
        var absent = Assert.Throws<KubernetesApiException>(() => _cluster.ApplyYaml(Pod("no-class", "runtimeClassName: nonexistent")));
        _cluster.ApplyYaml("{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: delete-me}, handler: runc}");
        _cluster.ApplyYaml(Pod("of-class", "runtimeClassName: delete-me"));
        _cluster.Delete("runtimeclasses", null, "delete-me");
        var gone = Assert.Throws<KubernetesApiException>(() => _cluster.ApplyYaml(Pod("too-late", "runtimeClassName: delete-me")));
        await Pass(1);

        Assert.Multiple(() =>
        {
            Assert.That(absent!.Message, Does.EndWith("pods \"no-class\" is forbidden: pod rejected: RuntimeClass \"nonexistent\" not found"));
            Assert.That(gone!.Message, Does.EndWith("pods \"too-late\" is forbidden: pod rejected: RuntimeClass \"delete-me\" not found"));
            Assert.That(_cluster.Find("pods", "default", "of-class")!.Value.At("spec", "overhead").Exists(), Is.False);
            Assert.That(Phase("of-class"), Is.EqualTo("Running"));
        });
    }

    [Test]
    public async Task A_RuntimeClass_adds_its_overhead_and_the_scheduler_counts_it()
    {
        _cluster.ApplyYaml("""
            {apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: heavy}, handler: heavy, overhead: {podFixed: {cpu: 1500m, memory: 1Mi}}}
            """);
        _cluster.ApplyYaml(Pod("fits", "runtimeClassName: heavy", "cpu: 10m"));
        _cluster.ApplyYaml(Pod("too-much", "runtimeClassName: heavy", "cpu: 10m"));
        await Pass(2);

        var refused = _cluster.Find("pods", "default", "too-much")!.Value.At("status", "conditions").Items().Single();
        Assert.Multiple(() =>
        {
            Assert.That(_cluster.Find("pods", "default", "fits")!.Value.At("spec", "overhead").GetRawText(), Is.EqualTo("""{"cpu":"1500m","memory":"1Mi"}"""));
            Assert.That(Phase("fits"), Is.EqualTo("Running"));
            Assert.That(refused.At("message").Text(), Does.StartWith("0/1 nodes are available: 1 Insufficient cpu."));
        });
    }

    [Test]
    public async Task A_critical_pod_pushes_out_an_ordinary_one()
    {
        _cluster.ApplyYaml(Pod("ordinary", "terminationGracePeriodSeconds: 1", "memory: 3Gi"));
        await Pass(2);
        _cluster.ApplyYaml(Pod("critical", "priorityClassName: system-cluster-critical", "memory: 3Gi").Replace("namespace: default", "namespace: kube-system", StringComparison.Ordinal));

        await Pass(10);

        Assert.Multiple(() =>
        {
            Assert.That(_cluster.Find("pods", "default", "ordinary"), Is.Null);
            Assert.That(_cluster.Find("pods", "kube-system", "critical")!.Value.At("status", "phase").Text(), Is.EqualTo("Running"));
            Assert.That(_cluster.List("events", "default").Select(told => told.At("message").Text("")), Has.Some.StartsWith("Preempted by pod "));
        });
    }

    [Test]
    public async Task An_alias_of_a_pods_hosts_leads_where_it_says()
    {
        _cluster.ApplyYaml(Pod("server", "", image: "nginx:1.27", command: "[nginx]"));
        await Pass(2);
        var address = _cluster.Find("pods", "default", "server")!.Value.At("status", "podIP").Text();
        _cluster.ApplyYaml(Pod("asker", $"restartPolicy: Never, hostAliases: [{{ip: {address}, hostnames: [alias, alias.example.com]}}]", command: "[wget, -qO-, http://alias.example.com/]"));

        await Pass(5);

        Assert.That(await _cluster.LogAsync("default", "asker"), Does.Contain("Welcome to nginx!"));
    }

    [Test]
    public async Task A_container_that_is_said_to_exceed_its_memory_is_OOMKilled()
    {
        _cluster.ApplyYaml(Pod("greedy", "restartPolicy: Never"));
        await Pass(2);

        Assert.That(_cluster.Faults.ExceedMemory("default", "greedy"));
        await Pass(1);

        var terminated = _cluster.Find("pods", "default", "greedy")!.Value.At("status", "containerStatuses").Items().Single().At("state", "terminated");
        Assert.Multiple(() =>
        {
            Assert.That((terminated.At("reason").Text(), terminated.At("exitCode").Integer(0)), Is.EqualTo(("OOMKilled", 137)));
            Assert.That(Phase("greedy"), Is.EqualTo("Failed"));
            Assert.That(_cluster.Faults.ExceedMemory("default", "greedy"), Is.False, "it does not run any more");
            Assert.That(() => _cluster.Faults.ExceedMemory("default", "greedy", "side"), Throws.ArgumentException.With.Message.StartsWith("no container 'side' of pod default/greedy; it has main"));
            Assert.That(() => _cluster.Faults.ExceedMemory("default", "nobody"), Throws.TypeOf<KubernetesApiException>().With.Message.EqualTo("pods \"nobody\" not found"));
        });
    }

    private static string Pod(string name, string spec, string requests = "cpu: 1m", string image = "busybox:1.36", string command = "[sleep, '3600']") =>
        $"{{apiVersion: v1, kind: Pod, metadata: {{name: {name}, namespace: default}}, spec: {{{(spec.Length > 0 ? spec + ", " : "")}containers: [{{name: main, image: '{image}', command: {command}, resources: {{requests: {{{requests}}}}}}}]}}}}";

    private string? Phase(string pod) => _cluster.Find("pods", "default", pod)!.Value.At("status", "phase").Text();

    private Task Pass(double seconds) => _clock.AdvanceAsync(TimeSpan.FromSeconds(seconds));
}
