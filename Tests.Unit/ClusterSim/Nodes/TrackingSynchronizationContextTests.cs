using ClusterSim.Nodes;

namespace ClusterSim.Tests.Nodes;

/// <summary>What a manual clock relies on: nothing that nodes have begun goes on unseen.</summary>
public sealed class TrackingSynchronizationContextTests
{
    private const int Hops = 200;

    [Test]
    public async Task Work_that_leaves_the_context_as_library_code_does_is_still_under_way()
    {
        var tracked = new TrackingSynchronizationContext(followsFlow: true);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hops = 0;
        tracked.Post(_ => _ = WorkAsync(), null);

        while (!tracked.IsIdle)
            await Task.Yield();

        Assert.That(Volatile.Read(ref hops), Is.EqualTo(Hops));
        await done.Task;

        async Task WorkAsync()
        {
            for (var hop = 0; hop < Hops; hop++)
            {
                // Without the context: on the pool, between two of its threads.
                await Task.Run(static () => Thread.SpinWait(500), CancellationToken.None).ConfigureAwait(false);
                Interlocked.Increment(ref hops);
            }
            done.SetResult();
        }
    }

    [Test]
    public void What_only_waits_is_not_under_way()
    {
        var tracked = new TrackingSynchronizationContext(followsFlow: true);
        var more = new TaskCompletionSource();
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        tracked.Post(_ => _ = WaitAsync(), null);

        waits.Task.Wait();
        Assert.That(() => tracked.IsIdle, Is.True.After(30_000, 1));

        async Task WaitAsync()
        {
            waits.SetResult();
            await more.Task;
        }
    }
}
