using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Nodes;

namespace ClusterSim.Tests.Nodes.Simulated;

/// <summary>A container's programs hold no more memory than the container may have; beyond it the container is OOMKilled.</summary>
public sealed class MemoryLimitTests
{
    [TestCase("a=x; while :; do a=$a$a; done")]
    [TestCase("a=x; f(){ local b=$1$1; f $b; }; f x; a=$(seq 1 10000000)")]
    [TestCase("head -c 10G /dev/zero | sort")]
    [TestCase("head -c 10000000000 /dev/zero | sort")]
    [TestCase("cat /dev/zero | tac")]
    [TestCase("cat /dev/zero | grep x")]
    [TestCase("cat /dev/zero | sed s/x/y/")]
    [TestCase("cat /dev/zero | head -n 1")]
    [TestCase("cat /dev/zero | tail -n 1")]
    [TestCase("cat /dev/zero | tail -c 100000000")]
    [TestCase("cat /dev/zero | cut -c1")]
    [TestCase("cat /dev/zero | rev")]
    [TestCase("cat /dev/zero | uniq")]
    [TestCase("cat /dev/zero | xargs echo")]
    [TestCase("cat /dev/zero | base64 -d")]
    [TestCase("cat /dev/zero | sh")]
    [TestCase("yes | sort")]
    [TestCase("seq 1 100000000 | grep -B 100000000 x")]
    [TestCase("yes | tail -n 100000000")]
    [TestCase("x=$(cat /dev/zero)")]
    [TestCase("x=$(yes)")]
    [TestCase("cat <<E\n$(yes)\nE")]
    [TestCase("eval \"$(yes ';')\"")]
    [TestCase("echo $(yes)")]
    [TestCase("set -- $(seq 1 100000000)")]
    [TestCase("for i in $(yes); do :; done")]
    [TestCase("x=$(head -c 1000000 /dev/zero | tr '\\0' a); while :; do y=\"$y$x\"; done")]
    [TestCase("x=$(head -c 1000000 /dev/zero | tr '\\0' a); i=0; while :; do eval \"v$i=\\$x\\$i\"; i=$((i+1)); done")]
    [TestCase("x=$(head -c 1000000 /dev/zero | tr '\\0' a); while :; do x=$x.; sleep 3600 & done")]
    [TestCase("x=$(head -c 100000 /dev/zero | tr '\\0' a); echo ${x//a/$x}")]
    [TestCase("i=0; while :; do eval \"f$i(){ echo 0000000000000000000000000000000000000000; }\"; i=$((i+1)); done")]
    public async Task A_program_that_needs_more_memory_than_its_container_may_have_is_killed(string program)
    {
        await using var nodes = new TestNodes(realTime: true);
        var command = new JsonArray("sh", "-c", program).ToJsonString();

        nodes.Pod("pod", $$"""{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","command":{{command}},"resources":{"limits":{"memory":"12Mi"} } }]}""");
        await Eventually.ThatAsync(() => nodes.ContainerStatus("pod").At("state", "terminated").Exists(), "the container ends");

        var terminated = nodes.ContainerStatus("pod").At("state", "terminated");
        Assert.That((terminated.At("reason").Text(), terminated.At("exitCode").Integer()), Is.EqualTo(("OOMKilled", (long?)137)), await nodes.Log("pod"));
        await Eventually.ThatAsync(() => nodes.Pool.Kubepods.Usage == 0, "its memory is given back");
    }

    [TestCase("head -c 100000000 /dev/zero | tail -c 5 | wc -c", "5\n")]
    [TestCase("head -c 100000000 /dev/zero | wc -c", "100000000\n")]
    [TestCase("head -c 100000000 /dev/zero | cat | base64 | wc -c", "135087722\n")]
    [TestCase("seq 1 300000 | tail -n 2", "299999\n300000\n")]
    [TestCase("seq 1 300000 | uniq | wc -l", "300000\n")]
    [TestCase("printf '%50000000d' 1 | wc -c", "50000000\n")]
    [TestCase("i=0; while [ $i -lt 400 ]; do x=$(head -c 20000 /dev/zero | tr '\\0' a); eval 'f(){ echo $x; }'; set -- $x; i=$((i+1)); done; echo ${#x}", "20000\n")]
    public async Task What_needs_little_memory_works_within_a_small_limit(string program, string output)
    {
        await using var nodes = new TestNodes(realTime: true);
        var command = new JsonArray("sh", "-c", program).ToJsonString();

        nodes.Pod("pod", $$"""{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","command":{{command}},"resources":{"limits":{"memory":"4Mi"} } }]}""");
        await Eventually.ThatAsync(() => nodes.ContainerStatus("pod").At("state", "terminated").Exists(), "the program ends");

        Assert.That(await nodes.Log("pod"), Is.EqualTo(output));
        await Eventually.ThatAsync(() => nodes.Pool.Kubepods.Usage == 0, "its memory is given back");
    }

    [TestCase('x')]
    [TestCase('g')]
    [TestCase('L')]
    [TestCase('K')]
    public async Task An_archive_that_claims_a_huge_header_is_refused(char type)
    {
        await using var nodes = new TestNodes(realTime: true);
        var pod = nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","3600"]}]}""");
        await Eventually.ThatAsync(() => nodes.ContainerStatus("pod").At("state", "running").Exists(), "it runs");
        var header = new byte[512];
        "name"u8.CopyTo(header);
        System.Text.Encoding.ASCII.GetBytes("0000644\00000000\00000000\0" + "17777777777\0" + "00000000000\0" + "        ").CopyTo(header, 100);
        header[156] = (byte)type;
        "ustar\000"u8.CopyTo(header.AsSpan(257));
        var sum = header.Sum(one => one);
        System.Text.Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        using var output = new MemoryStream();

        var code = await nodes.Pool.Find("node-1")!.ExecAsync(
            pod, "main", ["sh", "-c", "{ cat; cat /dev/zero; } | tar t"], new(new MemoryStream(header), output, output, false), CancellationToken.None);

        Assert.That(code, Is.EqualTo(1));
        Assert.That(System.Text.Encoding.UTF8.GetString(output.ToArray()), Does.StartWith("tar: "));
    }

    [Test]
    public async Task A_container_without_a_limit_has_the_limit_of_the_options_and_restarts()
    {
        await using var nodes = new TestNodes(limits: new ProgramLimits { ContainerMemoryBytesMax = 1_000_000 });
        nodes.Pod("pod", """{"containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","a=x; while :; do a=$a$a; done"],"resources":{"limits":{"memory":"64Gi"}}}]}""");

        nodes.Advance(1);

        Assert.That(nodes.ContainerStatus("pod").At("lastState", "terminated", "reason").Text(), Is.EqualTo("OOMKilled"));
        Assert.That(nodes.Events("pod"), Has.Some.Contains("BackOff"));
    }

    [Test]
    public async Task All_containers_together_have_a_limit()
    {
        await using var nodes = new TestNodes(limits: new ProgramLimits { MemoryBytesMax = 5_000_000 });
        const string Holds = """{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","a=$(head -c 1000000 /dev/zero | tr '\\0' a); sleep 3600"]}]}""";
        nodes.Pod("first", Holds);
        nodes.Settle();
        nodes.Pod("second", Holds);
        nodes.Pod("third", Holds);

        nodes.Settle();

        var ended = new[] { "first", "second", "third" }.Count(pod => nodes.ContainerStatus(pod).At("state", "terminated", "reason").Text() == "OOMKilled");
        Assert.That(ended, Is.InRange(1, 2));
        Assert.That(nodes.ContainerStatus("first").At("state", "running").Exists());
    }

    [Test]
    public async Task The_logs_of_all_containers_are_bounded()
    {
        await using var nodes = new TestNodes(limits: new ProgramLimits { LogBytesMax = 1_000_000 });
        for (var i = 0; i < 5; i++)
            nodes.Pod($"pod-{i}", """{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","seq 1 50000"]}]}""");

        nodes.Advance(1);

        var lengths = new List<int>();
        for (var i = 0; i < 5; i++)
            lengths.Add((await nodes.Log($"pod-{i}")).Length);
        Assert.That(lengths.Sum(), Is.LessThan(1_000_000));
        Assert.That(await nodes.Log("pod-4"), Does.EndWith("50000\n"));
    }

    [Test]
    public async Task An_attached_client_that_does_not_read_holds_the_program_up_and_costs_little()
    {
        await using var nodes = new TestNodes(realTime: true);
        var pod = nodes.Pod("pod", """{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox:1.36","command":["sh","-c","sleep 1; head -c 20000000 /dev/zero | base64; echo end"]}]}""");
        await Eventually.ThatAsync(() => nodes.ContainerStatus("pod").At("state", "running").Exists(), "it runs");
        using var attached = new CancellationTokenSource();
        var client = new StalledStream();

        var attaching = nodes.Pool.Find("node-1")!.AttachAsync(pod, "main", new(null, client, client, false), attached.Token);
        await client.Stalled;
        await attached.CancelAsync();

        Assert.That(async () => await attaching, Throws.InstanceOf<OperationCanceledException>());
        await Eventually.ThatAsync(() => nodes.Status("pod").At("phase").Text() == "Succeeded", "the program goes on without the client");
    }

    private sealed class StalledStream : MemoryStream
    {
        private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Stalled => _stalled.Task;

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _stalled.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
    }
}
