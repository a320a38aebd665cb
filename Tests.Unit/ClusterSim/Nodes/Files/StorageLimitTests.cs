using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Nodes.Files;

/// <summary>A pod uses no more of this machine's disk than it may; beyond it the pod is evicted, in the kubelet's words.</summary>
public sealed class StorageLimitTests
{
    private const string NoSpace = "No space left on device";

    [TestCase("head -c 3000000 /dev/zero > /tmp/f")]
    [TestCase("truncate -s 3m /tmp/f")]
    [TestCase("i=0; while [ $i -lt 600 ]; do mkdir /tmp/$i; i=$((i+1)); done")]
    [TestCase("i=0; while [ $i -lt 600 ]; do : > /tmp/$i; i=$((i+1)); done")]
    [TestCase("i=0; while [ $i -lt 600 ]; do ln -s x /tmp/$i; i=$((i+1)); done")]
    [TestCase("seq 1 300000; sleep 3600")]
    public async Task A_pod_beyond_its_ephemeral_storage_limit_is_evicted(string program)
    {
        await using var nodes = new TestNodes();
        Start(nodes, program + "; sleep 3600", "\"resources\":{\"limits\":{\"ephemeral-storage\":\"2Mi\"} }");

        nodes.Advance(5);

        AssertEvicted(nodes, "Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ");
    }

    [Test]
    public async Task A_pod_is_evicted_when_one_container_is_beyond_its_own_limit()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("pod", """
            {"restartPolicy":"Never","containers":[
              {"name":"main","image":"busybox:1.36","command":["sh","-c","head -c 3000000 /dev/zero > /f; sleep 3600"],"resources":{"limits":{"ephemeral-storage":"2Mi"} } },
              {"name":"other","image":"busybox:1.36","command":["sleep","3600"],"resources":{"limits":{"ephemeral-storage":"20Mi"} } }]}
            """);

        nodes.Advance(5);

        AssertEvicted(nodes, "Container main exceeded its local ephemeral storage limit \"2Mi\". ");
    }

    [Test]
    public async Task A_pod_is_evicted_when_an_empty_dir_is_beyond_its_size_limit()
    {
        await using var nodes = new TestNodes();
        Start(nodes, "head -c 3000000 /dev/zero > /data/f; sleep 3600", "\"volumeMounts\":[{\"name\":\"cache\",\"mountPath\":\"/data\"}]", """{"name":"cache","emptyDir":{"sizeLimit":"1Mi"} }""");

        nodes.Advance(5);

        AssertEvicted(nodes, "Usage of EmptyDir volume \"cache\" exceeds the limit \"1Mi\". ");
    }

    [Test]
    public async Task A_pod_without_a_limit_has_that_of_the_options()
    {
        await using var nodes = new TestNodes(limits: new ProgramLimits { PodStorageBytesMax = 2 * 1024 * 1024 });
        Start(nodes, "head -c 3000000 /dev/zero > /tmp/f; sleep 3600");

        nodes.Advance(5);

        AssertEvicted(nodes, "Pod ephemeral local storage usage exceeds the total limit of containers 2Mi. ");
    }

    [Test]
    public async Task Files_that_were_removed_do_not_count()
    {
        await using var nodes = new TestNodes();
        Start(nodes, "i=0; while [ $i -lt 20 ]; do head -c 1000000 /dev/zero > /tmp/f; head -c 100000 /dev/zero > /tmp/g; rm /tmp/g; mkdir /tmp/d; rmdir /tmp/d; i=$((i+1)); done; echo done", "\"resources\":{\"limits\":{\"ephemeral-storage\":\"2Mi\"} }");

        nodes.Advance(5);

        Assert.That(await nodes.Log("pod"), Is.EqualTo("done\n"));
        Assert.That(nodes.Status("pod").At("phase").Text(), Is.EqualTo("Succeeded"));
    }

    [TestCase("yes > /tmp/f")]
    [TestCase("echo a > /tmp/f; cat /tmp/f >> /tmp/f")]
    [TestCase("cat /dev/zero | tee /tmp/f > /dev/null")]
    [TestCase("cat /dev/zero > /tmp/f")]
    [TestCase("truncate -s 100000m /tmp/f")]
    [TestCase("head -c 9000000 /dev/zero > /tmp/f; cp /tmp/f /tmp/g; cp /tmp/f /tmp/h; cp /tmp/f /tmp/i; cp /tmp/f /tmp/j")]
    [TestCase("head -c 9000000 /dev/zero > /tmp/f; tar cf /tmp/g /tmp/f /tmp/f /tmp/f /tmp/f")]
    public async Task A_program_that_does_not_wait_for_the_eviction_runs_out_of_space(string program)
    {
        // The kubelet's check cannot run: it would, at the earliest, with the next sync.
        await using var nodes = new TestNodes(limits: new ProgramLimits { PodStorageBytesMax = 4 * 1024 * 1024 });
        var pod = nodes.Pod("pod", """{"priority":2000000000,"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}""");
        nodes.Settle();

        var output = await RunAsync(nodes, pod, program);
        var again = await RunAsync(nodes, pod, "rm -r /tmp/?; echo enough > /tmp/f && cat /tmp/f");

        Assert.That(output, Does.Contain(NoSpace));
        Assert.That(again, Is.EqualTo("enough\n"));
    }

    [Test]
    public async Task A_persistent_volume_is_as_large_as_its_capacity()
    {
        await using var nodes = new TestNodes();
        nodes.Put("v1", "PersistentVolumeClaim", "default", "data", ("spec", Object(("volumeName", "pv-1"))), ("status", Object(("phase", "Bound"), ("capacity", Object(("storage", "1Mi"))))));
        Start(nodes, "head -c 900000 /dev/zero > /data/f && echo fits; head -c 900000 /dev/zero > /data/g; rm /data/f /data/g; echo a > /data/f && cat /data/f",
            "\"volumeMounts\":[{\"name\":\"data\",\"mountPath\":\"/data\"}]", """{"name":"data","persistentVolumeClaim":{"claimName":"data"} }""");

        nodes.Advance(5);

        Assert.That(await nodes.Log("pod"), Is.EqualTo($"fits\nhead: {NoSpace}\na\n"));
    }

    [Test]
    public async Task An_empty_dir_in_memory_is_as_large_as_its_limit()
    {
        await using var nodes = new TestNodes();
        Start(nodes, "head -c 3000000 /dev/zero > /data/f; ls /data", "\"volumeMounts\":[{\"name\":\"cache\",\"mountPath\":\"/data\"}]", """{"name":"cache","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"} }""");

        nodes.Advance(5);

        Assert.That(await nodes.Log("pod"), Is.EqualTo($"head: {NoSpace}\nf\n"));
    }

    [Test]
    public async Task Programs_leave_space_on_this_machine()
    {
        await using var nodes = new TestNodes(limits: new ProgramLimits { FreeStorageBytesMin = long.MaxValue / 2 });
        Start(nodes, "echo a > /tmp/f; echo $?");

        nodes.Advance(1);

        Assert.That(await nodes.Log("pod"), Is.EqualTo($"sh: can't create /tmp/f: {NoSpace}\n1\n"));
    }

    [Test]
    public async Task A_claim_that_is_deleted_while_its_pod_runs_fails_programs_and_nothing_else()
    {
        await using var nodes = new TestNodes();
        nodes.Put("v1", "PersistentVolumeClaim", "default", "data", ("spec", Object(("volumeName", "pv-1"))), ("status", Object(("phase", "Bound"))));
        var pod = nodes.Pod("pod", """
            {"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","terminationMessagePath":"/data/message","command":["sleep","10"],"volumeMounts":[{"name":"data","mountPath":"/data"}]}],
             "volumes":[{"name":"data","persistentVolumeClaim":{"claimName":"data"} }]}
            """);
        nodes.Advance(1);
        nodes.Remove("persistentvolumeclaims", "default", "data");

        var output = await RunAsync(nodes, pod, "cat /data/f; echo a > /data/f; ls /data; find /data; rm -r /data/*; cp /etc/hosts /data/f; mkdir /data/x; ln -s a /data/l; tar c /data; cd /data; du /data; stat /data/f; echo /data/*; echo end");
        nodes.Advance(20);

        Assert.That(output, Does.Contain("Input/output error").And.EndsWith("end\n"));
        Assert.That(output, Does.Not.Contain("Exception"));
        Assert.That(nodes.Status("pod").At("phase").Text(), Is.EqualTo("Succeeded"));
    }

    private static void Start(TestNodes nodes, string program, string container = "\"workingDir\":\"/\"", string? volume = null)
    {
        var command = new JsonArray("sh", "-c", program).ToJsonString();
        nodes.Pod("pod", $$"""{"restartPolicy":"Never","volumes":[{{volume}}],"containers":[{"name":"main","image":"busybox:1.36","command":{{command}},{{container}} }]}""");
    }

    private static void AssertEvicted(TestNodes nodes, string message)
    {
        var status = nodes.Status("pod");
        Assert.That((status.At("phase").Text(), status.At("reason").Text(), status.At("message").Text()), Is.EqualTo(("Failed", "Evicted", message)));
        Assert.That(nodes.Events("pod"), Has.Some.StartsWith($"Warning Evicted {message}"));
    }

    private static async Task<string> RunAsync(TestNodes nodes, Document pod, string program)
    {
        using var output = new MemoryStream();
        await nodes.Pool.Find("node-1")!.ExecAsync(pod, "main", ["sh", "-c", program], new(null, output, output, false), CancellationToken.None);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
