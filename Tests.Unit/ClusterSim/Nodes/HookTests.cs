using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Nodes.Images;
using Processes;

namespace ClusterSim.Tests.Nodes;

/// <summary>Hooks: what Kubernetes' <c>lifecycle_hook.go</c> expects, and what the kubelet says where one fails.</summary>
public sealed class HookTests
{
    private const string Agnhost = "registry.k8s.io/e2e-test-images/agnhost:2.57";

    [Test]
    public async Task A_container_runs_and_the_next_starts_only_when_its_postStart_is_done()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("hooked", """
            {"containers":[
              {"name":"first","image":"busybox:1.36","command":["sleep","3600"],"lifecycle":{"postStart":{"exec":{"command":["sh","-c","sleep 5; touch /tmp/started"]}}}},
              {"name":"second","image":"busybox:1.36","command":["sleep","3600"]}]}
            """);

        nodes.Advance(4);
        var (phase, first, second) = (nodes.Status("hooked").At("phase").Text(), State(0), State(1));
        nodes.Advance(2);

        Assert.Multiple(() =>
        {
            Assert.That((phase, first, second), Is.EqualTo(("Pending", "waiting ContainerCreating", "waiting ContainerCreating")));
            Assert.That((State(0), State(1)), Is.EqualTo(("running", "running")));
            Assert.That(nodes.Condition("hooked", "Ready"), Is.EqualTo("True"));
        });

        string State(int container)
        {
            var state = nodes.ContainerStatus("hooked", container).At("state").Fields().Single();
            return $"{state.Name} {state.Value.At("reason").Text("")}".TrimEnd();
        }
    }

    [Test]
    public async Task A_postStart_that_fails_ends_its_container_which_is_restarted()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("hooked", """
            {"containers":[{"name":"main","image":"agnhost:1","lifecycle":{"postStart":{"exec":{"command":["sh","-c","exit 3"]}}}}]}
            """.Replace("agnhost:1", Agnhost, StringComparison.Ordinal));

        nodes.Advance(3);

        var status = nodes.ContainerStatus("hooked");
        Assert.Multiple(() =>
        {
            Assert.That(nodes.Events("hooked"), Is.SupersetOf(new[] { "Warning FailedPostStartHook PostStartHook failed ×2", "Normal Killing FailedPostStartHook ×2" }));
            Assert.That(status.At("restartCount").Integer(0), Is.EqualTo(1), "the first restart is immediate");
            Assert.That(status.At("lastState", "terminated", "exitCode").Integer(0), Is.EqualTo(2), "agnhost pause ends so");
            Assert.That(status.At("started").Flag(true), Is.False);
            Assert.That(nodes.Condition("hooked", "Ready"), Is.EqualTo("False"));
        });
        nodes.Advance(12);
        Assert.That(nodes.ContainerStatus("hooked").At("restartCount").Integer(0), Is.EqualTo(2), "the second after 10 s");
    }

    [TestCase("postStart")]
    [TestCase("preStop")]
    public async Task Hooks_by_HTTP_are_requests_from_the_node(string hook)
    {
        await using var nodes = new TestNodes();
        nodes.Pod("handler", $$"""{"containers":[{"name":"main","image":"{{Agnhost}}","args":["netexec"]}]}""");
        nodes.Settle();
        var handler = nodes.Status("handler").At("podIP").Text();
        nodes.Pod("hooked", $$"""
            {"containers":[{"name":"main","image":"registry.k8s.io/pause:3.10",
             "lifecycle":{"{{hook}}":{"httpGet":{"host":"{{handler}}","port":8080,"path":"/echo?msg={{hook}}&code=500","httpHeaders":[{"name":"X-Who","value":"kubelet"}]} } } }]}
            """);
        nodes.Settle();
        Assert.That(nodes.Condition("hooked", "Ready"), Is.EqualTo("True"));
        var before = await nodes.Log("handler");

        nodes.Delete("hooked");
        nodes.Settle();

        var after = await nodes.Log("handler");
        Assert.Multiple(() =>
        {
            Assert.That(before, hook == "postStart" ? Does.Contain("GET /echo?msg=postStart") : Does.Not.Contain("preStop"));
            Assert.That(after, Does.Contain($"GET /echo?msg={hook}"));
            Assert.That(nodes.Find("hooked"), Is.Null);
            Assert.That(nodes.Events("hooked").Where(told => told.Contains("Failed", StringComparison.Ordinal)), Is.Empty, "an answer is an answer, whatever its status");
        });
    }

    [Test]
    public async Task A_preStop_by_HTTP_that_nobody_answers_is_told_and_does_not_hold_up_the_end()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("hooked", """
            {"containers":[{"name":"main","image":"registry.k8s.io/pause:3.10","ports":[{"name":"web","containerPort":8080}],"lifecycle":{"preStop":{"httpGet":{"port":"web","path":"/bye"}}}}]}
            """);
        nodes.Settle();

        nodes.Delete("hooked");
        nodes.Settle();

        Assert.Multiple(() =>
        {
            Assert.That(nodes.Find("hooked"), Is.Null);
            Assert.That(nodes.Events("hooked"), Does.Contain("Warning FailedPreStopHook PreStopHook failed ×1"));
        });
    }

    [Test]
    public async Task A_preStop_that_takes_longer_than_the_grace_period_is_given_two_seconds_more()
    {
        var told = new List<(string What, double Seconds)>();
        await using var nodes = new TestNodes();
        var start = nodes.Manual.GetUtcNow();
        nodes.Images.Add("slow:1", new ServiceImage(async process =>
        {
            var stopped = new TaskCompletionSource();
            await using var registration = process.Stop.Register(stopped.SetResult);
            await stopped.Task;
            told.Add(("SIGTERM", Math.Round((process.Clock.GetUtcNow() - start).TotalSeconds)));
            await Task.Delay(TimeSpan.FromDays(1), process.Clock, process.Killed);
            return 0;
        })
        {
            KeepsToItsClock = true,
        });
        nodes.Pod("slow", """{"terminationGracePeriodSeconds":5,"containers":[{"name":"main","image":"slow:1","lifecycle":{"preStop":{"sleep":{"seconds":60}}}}]}""");
        nodes.Settle();

        nodes.Delete("slow");
        nodes.Advance(6);
        var isThere = nodes.Find("slow") is not null;
        nodes.Advance(2);

        Assert.Multiple(() =>
        {
            Assert.That(told, Is.EqualTo(new[] { ("SIGTERM", 5.0) }));
            Assert.That(isThere);
            Assert.That(nodes.Find("slow"), Is.Null);
        });
    }
}
