using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>What simulated programs do about signals.</summary>
internal static class Signals
{
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

    /// <summary>Writes text to a stream of the process.</summary>
    public static async Task SayAsync(this Stream stream, string text) => await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), CancellationToken.None);
}
