using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using ClusterSim.Nodes;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Nodes.Simulated;

/// <summary>
/// Whatever a shell is given, it ends with an exit code, within its budget, and gives back its memory and its processes: thousands of programs made
/// from a seed, by a grammar and by damaging good ones (<c>make fuzz-shell</c> for a longer run).
/// </summary>
[NonParallelizable] // It measures what the process retains.
public sealed class ShellFuzzTests
{
    // What each batch of programs may leave behind, in the median: the pools of buffers of a process with many threads grow by leaps.
    private const long RetainedBytesMax = 8L * 1024 * 1024;
    private const int PerPod = 200;

    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(60);

    [Test, Category(Samples.Category)]
    public async Task No_program_makes_the_shell_fail_hang_or_grow()
    {
        var seed = Samples.Seed;
        var count = Samples.Count(1000);
        var failures = new ConcurrentQueue<string>();
        await RunAsync(seed, 0, Math.Min(count, PerPod), failures); // once to warm up: what comes after must not grow with the number of programs
        var retained = new List<long> { Retained() };

        for (var number = PerPod; number < count && failures.IsEmpty; number += PerPod)
        {
            await RunAsync(seed, number, Math.Min(PerPod, count - number), failures);
            retained.Add(Retained());
            TestContext.Progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{number + PerPod} programs, {retained[^1] / 1024 / 1024} MiB"));
        }

        Assert.That(failures, Is.Empty, $"seed {seed}: {string.Join('\n', failures.Take(10))}");
        var growth = retained.Zip(retained.Skip(1), (before, after) => after - before).Order().ToList();
        Assert.That(growth[(growth.Count - 1) / 2], Is.LessThan(RetainedBytesMax), $"bytes retained by a batch of {PerPod}: {string.Join(", ", growth)}");
    }

    private static async Task RunAsync(int seed, int first, int count, ConcurrentQueue<string> failures)
    {
        var limits = new ProgramLimits { PodPidsLimit = 64, ContainerMemoryBytesMax = 8 * 1024 * 1024, PodStorageBytesMax = 16 * 1024 * 1024 };
        await using var nodes = new TestNodes(realTime: true, limits: limits);
        for (var number = first; number < first + count && failures.IsEmpty; number++)
        {
            var program = new ShellProgramGenerator(new Random(unchecked((seed * 1_000_003) + number))).Next();
            // An image's pod each: what a program leaves behind (jobs, files, an OOM kill) ends with it.
            var name = string.Create(CultureInfo.InvariantCulture, $"pod-{number}");
            var pod = nodes.Pod(name, """{"priority":2000000000,"terminationGracePeriodSeconds":0,"containers":[{"name":"main","image":"busybox:1.36","command":["sleep","36000"]}]}""");
            await Eventually.ThatAsync(() => nodes.ContainerStatus(name).At("state", "running").Exists(), "the pod runs");
            if (await FailureAsync(nodes, pod, program) is { } failure)
                failures.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{number}: {failure}\n{program}"));
            nodes.Delete(name, grace: 0);
            await Eventually.ThatAsync(() => nodes.Find(name) is null, "the pod is gone");
        }
        await Eventually.ThatAsync(() => nodes.Pool.Kubepods.Usage == 0, "all memory is given back");
    }

    private static async Task<string?> FailureAsync(TestNodes nodes, Document pod, string program)
    {
        using var output = new MemoryStream();
        using var budget = new CancellationTokenSource(Budget);
        using var enough = new CancellationTokenSource(TimeSpan.FromMilliseconds(300)); // an endless loop is no failure: it has to end when it is killed
        using var client = CancellationTokenSource.CreateLinkedTokenSource(budget.Token, enough.Token);
        var input = new MemoryStream(Encoding.UTF8.GetBytes(program));
        try
        {
            var running = nodes.Pool.Find("node-1")!.ExecAsync(pod, "main", ["sh"], new(input, new BoundedStream(output), new BoundedStream(output), false), client.Token);
            var code = await running.WaitAsync(budget.Token);
            var printed = Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length);
            return code is < 0 or > 255 ? $"exit code {code}"
                : printed.Contains("the simulated program failed", StringComparison.Ordinal) || printed.Contains("Unhandled exception", StringComparison.Ordinal) ? printed : null;
        }
        catch (OperationCanceledException) when (!budget.IsCancellationRequested)
        {
            return null;
        }
        catch (OperationCanceledException)
        {
            return "it hangs";
        }
    }

    private static long Retained()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private sealed class BoundedStream(MemoryStream kept) : Stream
    {
        private const int BytesMax = 100_000;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (kept)
                if (kept.Length < BytesMax)
                    kept.Write(buffer, offset, Math.Min(count, BytesMax));
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
