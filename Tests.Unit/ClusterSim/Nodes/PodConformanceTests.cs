using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Storage;
using ClusterSim.Streaming;
using ClusterSim.Tables;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Nodes;

/// <summary>What Kubernetes' tests of nodes (<c>test/e2e/common/node</c>) expect of pods, where no other test here holds it (docs/conformance.md).</summary>
public sealed class PodConformanceTests
{
    private const string Agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.57";

    [TestCase(null, 5)]
    [TestCase(100, 5)]
    [TestCase(3, 60)]
    public async Task A_deadline_may_be_changed_while_the_pod_runs(int? before, int after)
    {
        await using var nodes = new TestNodes();
        var deadline = before is { } seconds ? $"\"activeDeadlineSeconds\":{seconds}," : "";
        nodes.Pod("late", $$"""{ {{deadline}}"terminationGracePeriodSeconds":1,"containers":[{"name":"main","image":"box:1.0"}]}""");
        nodes.Advance(2);

        nodes.Change("pods", "default", "late", pod =>
        {
            pod["spec"]!["activeDeadlineSeconds"] = after;
            return true;
        });
        nodes.Advance(after - 3);
        var earlier = nodes.Status("late").At("phase").Text();
        nodes.Advance(4);

        Assert.Multiple(() =>
        {
            Assert.That(earlier, Is.EqualTo("Running"));
            Assert.That((nodes.Status("late").At("phase").Text(), nodes.Status("late").At("reason").Text()), Is.EqualTo(("Failed", "DeadlineExceeded")));
        });
    }

    [Test]
    public async Task A_pod_that_ends_is_asked_whether_it_is_ready_and_no_more_whether_it_lives()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("ending", $$"""
            {"terminationGracePeriodSeconds":30,"containers":[{"name":"main","image":"{{Agnhost}}","command":["sh","-c","touch /tmp/well; trap 'rm /tmp/well' TERM; while true; do sleep 1; done"],
             "livenessProbe":{"exec":{"command":["cat","/tmp/well"]},"periodSeconds":1,"failureThreshold":1},
             "readinessProbe":{"exec":{"command":["cat","/tmp/well"]},"periodSeconds":1,"failureThreshold":1} }]}
            """);
        nodes.Advance(5);
        var before = nodes.Condition("ending", "Ready");

        nodes.Delete("ending");
        nodes.Advance(10);

        Assert.Multiple(() =>
        {
            Assert.That((before, nodes.Condition("ending", "Ready")), Is.EqualTo(("True", "False")));
            Assert.That(nodes.Events("ending"), Has.Some.StartsWith("Warning Unhealthy Readiness probe failed:"));
            Assert.That(nodes.Events("ending"), Has.None.Contains("iveness"));
            Assert.That(nodes.ContainerStatus("ending").At("restartCount").Integer(9), Is.Zero);
        });
    }

    [Test]
    public async Task A_pod_with_readiness_gates_is_ready_when_others_say_so_too()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("gated", """{"readinessGates":[{"conditionType":"example.com/one"},{"conditionType":"example.com/two"}],"containers":[{"name":"main","image":"box:1.0"}]}""");
        nodes.Settle();
        var none = Ready();
        Say("one", "True");
        Say("two", "False");
        var half = Ready();
        Say("two", "True");

        Assert.Multiple(() =>
        {
            Assert.That(none, Is.EqualTo(
                "False ReadinessGatesNotReady corresponding condition of pod readiness gate \"example.com/one\" does not exist., corresponding condition of pod readiness gate \"example.com/two\" does not exist."));
            Assert.That(half, Is.EqualTo("False ReadinessGatesNotReady the status of pod readiness gate \"example.com/two\" is not \"True\", but False"));
            Assert.That(Ready(), Is.EqualTo("True"));
            Assert.That(nodes.Condition("gated", "ContainersReady"), Is.EqualTo("True"));
        });

        void Say(string gate, string status)
        {
            nodes.ChangeStatus("pods", "default", "gated", pod =>
            {
                var conditions = pod["status"]!["conditions"]!.AsArray();
                conditions.Remove(conditions.FirstOrDefault(condition => condition!["type"]!.GetValue<string>() == "example.com/" + gate));
                conditions.Add(Object(("type", "example.com/" + gate), ("status", status)));
                return true;
            });
            nodes.Settle();
        }

        string Ready()
        {
            var ready = nodes.Status("gated").At("conditions").Items().Single(condition => condition.At("type").Text() == "Ready");
            return $"{ready.At("status").Text()} {ready.At("reason").Text("")} {ready.At("message").Text("")}".TrimEnd();
        }
    }

    [Test]
    public async Task A_container_said_to_exceed_its_memory_is_killed_and_told_so()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("greedy", """{"containers":[{"name":"main","image":"box:1.0","resources":{"limits":{"memory":"64Mi"}}},{"name":"side","image":"box:1.0"}]}""");
        nodes.Settle();

        var killed = nodes.Pool.KillForMemory(nodes.Find("greedy")!, "main");
        nodes.Settle();

        Assert.Multiple(() =>
        {
            Assert.That(killed);
            Assert.That(nodes.ContainerStatus("greedy").At("lastState", "terminated", "reason").Text(), Is.EqualTo("OOMKilled"));
            Assert.That(nodes.ContainerStatus("greedy").At("lastState", "terminated", "exitCode").Integer(0), Is.EqualTo(137));
            Assert.That(nodes.ContainerStatus("greedy").At("restartCount").Integer(0), Is.EqualTo(1));
            Assert.That(nodes.ContainerStatus("greedy", 1).At("restartCount").Integer(9), Is.Zero);
            Assert.That(nodes.Pool.KillForMemory(nodes.Find("greedy")!, "other"), Is.False);
        });
    }

    [Test]
    public async Task What_is_said_of_a_containers_memory_kills_it_when_it_is_more_than_its_limit()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("greedy", """{"restartPolicy":"OnFailure","containers":[{"name":"main","image":"box:1.0","resources":{"limits":{"memory":"64Mi"}}}]}""");
        nodes.Pod("free", """{"containers":[{"name":"main","image":"box:1.0"}]}""");
        nodes.Settle();

        Say("64Mi");
        var within = nodes.ContainerStatus("greedy").At("restartCount").Integer(0);
        Say("65Mi");
        nodes.Advance(5);
        var row = PodRow.Print(nodes.Find("greedy")!.Root, nodes.Manual.GetUtcNow());
        var last = nodes.ContainerStatus("greedy").At("lastState", "terminated", "reason").Text();
        Say("10Mi");
        nodes.Advance(30);

        Assert.Multiple(() =>
        {
            Assert.That(within, Is.Zero);
            Assert.That($"{row[1]} {row[2]}", Is.AnyOf("0/1 OOMKilled", "0/1 CrashLoopBackOff"));
            Assert.That(last, Is.EqualTo("OOMKilled"));
            Assert.That(nodes.Condition("greedy", "Ready"), Is.EqualTo("True"), "it recovers when it uses less");
            Assert.That(nodes.ContainerStatus("free").At("restartCount").Integer(9), Is.Zero, "it has no limit");
        });

        void Say(string memory)
        {
            foreach (var name in (string[])["greedy", "free"])
                nodes.Change("pods", "default", name, pod =>
                {
                    pod["metadata"]!["annotations"] = Object(("clustersim/usage-memory", memory));
                    return true;
                });
            nodes.Settle();
        }
    }

    [TestCase("", true, null)]
    [TestCase("known", true, null)]
    [TestCase("other", false, "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service")]
    public async Task A_gRPC_probe_asks_for_the_health_of_a_service(string service, bool isReady, string? complaint)
    {
        await using var nodes = new TestNodes(realTime: true);
        var known = service == "" ? "" : ",\"--service=known\"";
        nodes.Pod("grpc", $$"""
            {"containers":[{"name":"main","image":"{{Agnhost}}","args":["grpc-health-checking"{{known}}],
             "readinessProbe":{"grpc":{"port":5000,"service":"{{service}}"},"periodSeconds":1,"timeoutSeconds":20} }]}
            """);

        if (isReady)
            await Eventually.ThatAsync(() => nodes.Condition("grpc", "Ready") == "True", "the pod is ready");
        else
            await Eventually.ThatAsync(() => nodes.Events("grpc").Any(told => told.StartsWith($"Warning Unhealthy Readiness probe failed: {complaint}", StringComparison.Ordinal)), complaint!);
    }

    [Test]
    public async Task A_gRPC_probe_fails_where_the_server_says_it_does_not_serve_and_where_nobody_listens()
    {
        await using var nodes = new TestNodes(realTime: true);
        nodes.Pod("grpc", $$"""
            {"containers":[{"name":"main","image":"{{Agnhost}}","args":["grpc-health-checking","--delay-unhealthy-sec=0"],
             "readinessProbe":{"grpc":{"port":5000},"periodSeconds":1,"timeoutSeconds":20} }]}
            """);
        nodes.Pod("nobody", $$"""{"containers":[{"name":"main","image":"{{Agnhost}}","readinessProbe":{"grpc":{"port":5000},"periodSeconds":1} }]}""");

        await Eventually.ThatAsync(() => Told("grpc", "service unhealthy (responded with \"NOT_SERVING\")"), "the server that does not serve is told of");
        await Eventually.ThatAsync(
            () => Told("nobody", $"timeout: failed to connect service \"{nodes.Status("nobody").At("podIP").Text()}:5000\" within 1s: context deadline exceeded"), "nobody listens");

        bool Told(string pod, string complaint) => nodes.Events(pod).Any(told => told.StartsWith($"Warning Unhealthy Readiness probe failed: {complaint}", StringComparison.Ordinal));
    }

    [TestCase("etc-hosts", "Kubernetes-managed hosts file")]
    [TestCase("dns-suffix", "default.svc.cluster.local,svc.cluster.local,cluster.local")]
    [TestCase("dns-server-list", "10.96.0.10")]
    [TestCase("entrypoint-tester", "[/agnhost entrypoint-tester]")]
    [TestCase("logs-generator", "GET /api/v1/namespaces/")]
    [TestCase("nosuch", "agnhost: the simulator has no 'nosuch'")]
    public async Task Agnhost_does_what_it_is_called_for(string subcommand, string said)
    {
        await using var nodes = new TestNodes();

        nodes.Pod("pod", $$"""{"restartPolicy":"Never","dnsPolicy":"ClusterFirst","containers":[{"name":"main","image":"{{Agnhost}}","args":["{{subcommand}}"]}]}""");
        nodes.Advance(5);

        Assert.That(await nodes.Log("pod"), Does.Contain(said));
    }

    [Test]
    public async Task Agnhosts_port_forward_tester_reads_what_it_expects_and_answers_in_chunks()
    {
        await using var nodes = new TestNodes();
        var tester = nodes.Pod("tester", $$"""
            {"restartPolicy":"Never","containers":[{"name":"main","image":"{{Agnhost}}","args":["port-forward-tester"],"env":[{"name":"BIND_PORT","value":"80"},
             {"name":"EXPECTED_CLIENT_DATA","value":"abc"},{"name":"CHUNKS","value":"3"},{"name":"CHUNK_SIZE","value":"4"},{"name":"CHUNK_INTERVAL","value":"100"}]}]}
            """);
        nodes.Settle();

        await using var stream = await nodes.Pool.Find("node-1")!.DialAsync(tester, 80, CancellationToken.None);
        await stream.WriteAsync("abc"u8.ToArray());
        await stream.FlushAsync();
        nodes.Advance(1);
        using var reader = new StreamReader(stream);

        Assert.That(await reader.ReadToEndAsync(), Is.EqualTo(new string('x', 12)));
        nodes.Settle();
        Assert.That(nodes.Status("tester").At("phase").Text(), Is.EqualTo("Succeeded"));
        Assert.That(await nodes.Log("tester"), Is.EqualTo("Accepted client connection\nReceived expected client data\nDone\n"));
    }
}
