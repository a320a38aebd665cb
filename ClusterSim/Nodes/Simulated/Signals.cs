using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>What simulated programs do about signals.</summary>
internal static class Signals
{
    /// <summary>SIGSEGV.</summary>
    public const int SegmentationFault = 11;

    private const int ChunksPerTurn = 64;

    /// <summary>Waits for SIGTERM.</summary>
    public static async Task TerminatedAsync(this ServiceProcess process)
    {
        var terminated = new TaskCompletionSource();
        using var registration = process.Stop.UnsafeRegister(static source => ((TaskCompletionSource)source!).TrySetResult(), terminated);
        await terminated.Task;
    }

    /// <summary>
    /// Waits for SIGKILL. Process 1 of a container gets no signal it has no handler for, so a plain <c>sleep</c> or <c>sh</c> there does
    /// not end at SIGTERM, and its pod takes the whole grace period.
    /// </summary>
    public static async Task KilledAsync(this ServiceProcess process)
    {
        var killed = new TaskCompletionSource();
        using var registration = process.Killed.UnsafeRegister(static source => ((TaskCompletionSource)source!).TrySetResult(), killed);
        await killed.Task;
    }

    /// <summary>
    /// Copies what comes as it comes. A file is read at once: its asynchronous read would hop over the thread pool, where nobody counts what
    /// is under way.
    /// </summary>
    public static async Task PassOnAsync(this Stream from, Stream to, CancellationToken killed)
    {
        var buffer = new byte[32 * 1024];
        for (var chunk = 1; (from is FileStream ? from.Read(buffer) : await from.ReadAsync(buffer, killed)) is var count and > 0; chunk++)
        {
            killed.ThrowIfCancellationRequested();
            await to.WriteAsync(buffer.AsMemory(0, count), CancellationToken.None);
            if (chunk % ChunksPerTurn == 0)
                await Task.Yield(); // an endless copy must not hold its thread for ever
        }
    }

    /// <summary>Writes text to a stream of the process.</summary>
    public static async Task SayAsync(this Stream stream, string text) => await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), CancellationToken.None);
}
