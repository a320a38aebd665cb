using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Storage;
using ClusterSim.Streaming;

namespace ClusterSim.Tests.Nodes;

public sealed class SimulatedImageTests
{
    [TestCase("echo one; echo two", "one\ntwo\n")]
    [TestCase("false || echo fallback && echo both", "fallback\nboth\n")]
    [TestCase("X=3; echo \"$X and ${Y:-none}\" '$X'", "3 and none $X\n")]
    [TestCase("for i in 1 2 3; do echo n$i; done", "n1\nn2\nn3\n")]
    [TestCase("i=0; while [ $i -lt 3 ]; do i=$((i+1)); done; echo $i", "3\n")]
    [TestCase("if test -d /tmp; then echo yes; else echo no; fi", "yes\n")]
    [TestCase("printf 'a\\nb\\nc\\n' | grep -v b | wc -l", "2\n")]
    [TestCase("echo hello > /tmp/x; echo more >> /tmp/x; cat /tmp/x | tr a-z A-Z", "HELLO\nMORE\n")]
    [TestCase("echo $(hostname)-$(echo inner)", "pod-inner\n")]
    [TestCase("(exit 3); echo $?", "3\n")]
    [TestCase("nosuch 2>/dev/null; echo $?", "127\n")]
    [TestCase("echo $GREETING | sed s/hello/bye/", "bye world\n")]
    [TestCase("date +%F", "2026-11-22\n")]
    [TestCase("echo a b c | cut -d' ' -f2; ls /etc | grep hosts", "b\nhosts\n")]
    [TestCase("set -e; false; echo never", "")]
    [TestCase("{ echo out; echo err >&2; } 2>&1 | sort", "err\nout\n")]
    public async Task The_busybox_shell_does_what_manifests_ask_of_it(string program, string output)
    {
        await using var nodes = new TestNodes();
        var command = new JsonArray("sh", "-c", program).ToJsonString();

        nodes.Pod("pod", $$"""{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","command":{{command}},"env":[{"name":"GREETING","value":"hello world"}]}]}""");
        nodes.Advance(1);

        Assert.That(await nodes.Log("pod"), Is.EqualTo(output));
    }

    [Test]
    public async Task A_sleep_as_process_1_ignores_SIGTERM_and_a_trap_does_not()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("plain", """{"terminationGracePeriodSeconds":5,"restartPolicy":"Never","containers":[{"name":"main","image":"busybox","imagePullPolicy":"IfNotPresent","command":["sleep","3600"]}]}""");
        nodes.Pod("trap", """{"terminationGracePeriodSeconds":5,"containers":[{"name":"main","image":"busybox","command":["sh","-c","trap 'exit 0' TERM; while true; do sleep 1; done"]}]}""");
        nodes.Advance(2);

        nodes.Delete("plain");
        nodes.Delete("trap");
        nodes.Advance(1.5);

        Assert.That(nodes.Find("trap"), Is.Null);
        Assert.That(nodes.Find("plain"), Is.Not.Null);
        nodes.Advance(4);
        Assert.That(nodes.Find("plain"), Is.Null);
    }

    [Test]
    public async Task Web_servers_answer_wget_from_another_pod()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("web", """{"containers":[{"name":"main","image":"nginx:1.27","imagePullPolicy":"IfNotPresent","readinessProbe":{"httpGet":{"port":80}}}]}""");
        nodes.Pod("host", """{"containers":[{"name":"main","image":"registry.k8s.io/e2e-test-images/agnhost:2.53","args":["netexec","--http-port=8080"]}]}""");
        var asker = nodes.Pod("asker", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}""");
        nodes.Settle();
        Assert.That(nodes.Condition("web", "Ready"), Is.EqualTo("True"));

        Assert.That(await Run($"wget -qO- http://{Address("web")}/ | grep -c Welcome"), Is.EqualTo("2\n"));
        Assert.That(await Run($"wget -qO- http://{Address("host")}:8080/hostname"), Is.EqualTo("host\n".TrimEnd()));
        Assert.That(await Run($"wget -qO- 'http://{Address("host")}:8080/shell?cmd=echo%20hi'"), Is.EqualTo("""{"output":"hi\n"}"""));
        Assert.That(await Run($"wget -qO- 'http://{Address("host")}:8080/dial?host={Address("host")}&port=8080&request=hostname&tries=2'"), Is.EqualTo("""{"responses":["host","host"]}"""));
        Assert.That(await Run($"wget -qO- 'http://{Address("host")}:8080/header'"), Does.Contain("\"User-Agent\":[\"").And.Not.Contain("\"Host\""));
        Assert.That(await Run($"wget -qO- 'http://{Address("host")}:8080/exit?code=seven'"), Is.EqualTo("argument 'code' must be an integer [0-127] or empty, got \"seven\"\n"));
        Assert.That(await Run($"curl -s 'http://{Address("host")}:8080/dial?host=web&port=80&request=x&tries=many'"), Is.EqualTo("tries parameter is invalid. strconv.Atoi: parsing \"many\": invalid syntax\n"));
        Assert.That(await Run($"curl -s 'http://{Address("host")}:8080/dial?host=web&port=80'"), Is.EqualTo("request parameter not specified. <nil>\n"));
        Assert.That(await Run($"wget -qO- http://{Address("host")}:9 2>&1; nc -z {Address("host")} 8080 && echo open"), Is.EqualTo($"wget: can't connect to remote host ({Address("host")}): Connection refused\nopen\n"));

        string Address(string pod) => nodes.Status(pod).At("podIP").Text("");

        async Task<string> Run(string program)
        {
            using var output = new MemoryStream();
            await nodes.Pool.Find("node-1")!.ExecAsync(asker, "main", ["sh", "-c", program], new ContainerStreams(null, output, null, false), CancellationToken.None);
            return Encoding.UTF8.GetString(output.ToArray());
        }
    }

    [Test]
    public async Task Agnhost_liveness_is_restarted_after_its_first_ten_seconds()
    {
        await using var nodes = new TestNodes();

        nodes.Pod("live", """
            {"containers":[{"name":"main","image":"registry.k8s.io/e2e-test-images/agnhost:2.53","args":["liveness"],
             "livenessProbe":{"httpGet":{"path":"/healthz","port":8080},"initialDelaySeconds":3,"periodSeconds":3}}]}
            """);
        nodes.Advance(25);

        Assert.That(nodes.ContainerStatus("live").At("restartCount").Integer(0), Is.EqualTo(1));
        Assert.That(nodes.ContainerStatus("live").At("lastState", "terminated", "exitCode").Integer(0), Is.EqualTo(143));
    }
}
