using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Nodes.Simulated;

/// <summary>A pod has as many processes as its limit says; what runs for ever ends with its pod.</summary>
public sealed class ProcessLimitTests
{
    [TestCase("f(){ f|f& }; f; sleep 3600")]
    [TestCase("f(){ f|f; }; f; sleep 3600")]
    [TestCase("f(){ f& f; }; f& sleep 3600")]
    [TestCase("echo 'sh /tmp/s & sh /tmp/s' > /tmp/s; sh /tmp/s; sleep 3600")]
    [TestCase("while :; do sleep 3600 & done")]
    public async Task A_fork_bomb_is_limited_and_ends_with_its_pod(string program)
    {
        await using var nodes = new TestNodes(realTime: true, limits: new ProgramLimits { PodPidsLimit = 100 });
        var command = new JsonArray("sh", "-c", program).ToJsonString();
        nodes.Pod("bomb", $$"""{"terminationGracePeriodSeconds":0,"containers":[{"name":"main","image":"busybox:1.36","command":{{command}}}]}""");

        await Eventually.ThatAsync(async () => (await LogAsync(nodes, "bomb")).Contains("can't fork: Resource temporarily unavailable", StringComparison.Ordinal), "the limit is reached");
        nodes.Delete("bomb", grace: 0);
        await Eventually.ThatAsync(() => nodes.Find("bomb") is null, "the pod is gone");
        await Eventually.ThatAsync(() => nodes.Pool.Kubepods.Usage == 0, "its memory is given back");

        // The node works on.
        nodes.Pod("other", """{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","echo a | cat"]}]}""");
        await Eventually.ThatAsync(() => nodes.Status("other").At("phase").Text() == "Succeeded", "another pod runs");
    }

    [TestCase("yes")]
    [TestCase("yes > /dev/null")]
    [TestCase("seq 1 1000000000")]
    [TestCase("seq -9223372036854775808 9223372036854775807 > /dev/null")]
    [TestCase("while :; do :; done")]
    [TestCase("f(){ true; }; while true; do f; done")]
    [TestCase("until false; do x=$((x+1)); done")]
    [TestCase("sleep infinity")]
    [TestCase("sleep 99999999999999999999")]
    [TestCase("cat /dev/zero > /dev/null")]
    [TestCase("tail -c 5 /dev/zero")]
    [TestCase("cat /dev/urandom | wc -c")]
    [TestCase("sha256sum /dev/zero")]
    [TestCase("base64 /dev/zero > /dev/null")]
    [TestCase("yes | grep -c x")]
    [TestCase("yes | tail -n 3")]
    [TestCase("yes | sed s/y/z/ > /dev/null")]
    [TestCase("yes | while read x; do :; done")]
    [TestCase("printf '%2147483647d' 1 > /dev/null; printf '%2000000000d' 1 | cat > /dev/null; printf '%-2000000000s' 1; sleep 3600")]
    [TestCase("tail -f /dev/null")]
    [TestCase("cat /dev/zero | read x")]
    [TestCase("yes | grep -B 100000000 x")]
    [TestCase("mkdir /tmp/d; cd /tmp/d; ln -s . a; ln -s . b; echo */*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*")]
    [TestCase("x=$(seq 1 100000); y=${x//1*2*3*4*5*6*7*8*9*x/z}; sleep 3600")]
    [TestCase("x=$(seq 1 100000); case $x in *a*b*c*d*e*f*) ;; esac; sleep 3600")]
    [TestCase("while true; do wget -q -T 1 http://10.0.0.1/; done")]
    [TestCase("timeout 99999999 yes > /dev/null; sleep 3600")]
    [TestCase("i=0; while true; do (sleep 3600) & i=$((i+1)); [ $i = 50 ] && wait; done")]
    public async Task What_runs_for_ever_ends_with_its_pod(string program)
    {
        await using var nodes = new TestNodes(realTime: true);
        var command = new JsonArray("sh", "-c", "echo begun >&2; " + program).ToJsonString();
        nodes.Pod("pod", $$"""{"terminationGracePeriodSeconds":0,"containers":[{"name":"main","image":"busybox:1.36","command":{{command}}}]}""");
        await Eventually.ThatAsync(async () => nodes.ContainerStatus("pod").At("state", "running").Exists() && (await LogAsync(nodes, "pod")).Length > 0, "it runs");

        nodes.Delete("pod", grace: 0);

        await Eventually.ThatAsync(() => nodes.Find("pod") is null, "the pod is gone");
        await Eventually.ThatAsync(() => nodes.Pool.Kubepods.Usage == 0, "its memory is given back");
    }

    [Test]
    public async Task Exec_into_a_pod_with_as_many_processes_as_it_may_have_is_refused()
    {
        await using var nodes = new TestNodes(limits: new ProgramLimits { PodPidsLimit = 3 });
        var pod = nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","sleep 3600 & sleep 3600"]}]}""");
        nodes.Settle();

        Assert.That(async () => await RunAsync(nodes, pod, "true"), Throws.InstanceOf<KubernetesApiException>().With.Message.Contains("fork: resource temporarily unavailable"));
    }

    [Test]
    public async Task Processes_that_have_ended_count_no_more()
    {
        await using var nodes = new TestNodes(limits: new ProgramLimits { PodPidsLimit = 6 });
        var pod = nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}""");
        nodes.Settle();

        var output = await RunAsync(nodes, pod, "i=0; while [ $i -lt 200 ]; do x=$(echo a | cat); (true); true & wait; sh -c true; env true; i=$((i+1)); done; echo $i");

        Assert.That(output, Is.EqualTo("200\n"));
    }

    [TestCase("x=$(head -c 200000 /dev/zero | tr '\\0' a); cat $x; echo $?", "sh: cat: Argument list too long\n126\n")]
    [TestCase("x=$(head -c 200000 /dev/zero | tr '\\0' a); echo $x | wc -c", "200001\n")]
    [TestCase("x=$(seq 1 300000); sh -c true $x; echo $?; set -- $x; echo $#; for i in $x; do y=$i; done; echo $y", "sh: sh: Argument list too long\n126\n300000\n300000\n")]
    public async Task Arguments_of_a_program_are_limited_as_by_execve(string program, string expected)
    {
        await using var nodes = new TestNodes();
        var pod = nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}""");
        nodes.Settle();

        Assert.That(await RunAsync(nodes, pod, program), Is.EqualTo(expected));
    }

    private static async Task<string> LogAsync(TestNodes nodes, string pod)
    {
        try
        {
            return await nodes.Log(pod);
        }
        catch (KubernetesApiException)
        {
            return ""; // it has not started yet
        }
    }

    private static async Task<string> RunAsync(TestNodes nodes, Document pod, string program)
    {
        using var output = new MemoryStream();
        await nodes.Pool.Find("node-1")!.ExecAsync(pod, "main", ["sh", "-c", program], new(null, output, output, false), CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
