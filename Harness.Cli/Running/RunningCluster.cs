using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Harness.Commands;

namespace Harness.Running;

/// <summary>The process that hosts a cluster.</summary>
public sealed partial record RunningCluster
{
    private const int Terminate = 15;

    /// <summary>Its process id.</summary>
    public required int ProcessId { get; init; }

    /// <summary>When the process started, in UTC ticks: another process may get the id later.</summary>
    public required long ProcessStartTicks { get; init; }

    /// <summary>The API server.</summary>
    public required string ApiServer { get; init; }

    /// <summary>The Ingress.</summary>
    public required string Ingress { get; init; }

    /// <summary>The URLs of harness.yaml on the Ingress, by name.</summary>
    public IReadOnlyDictionary<string, string> Urls { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How long its parts took to start, in milliseconds, in order.</summary>
    public IReadOnlyDictionary<string, double> StartedInMilliseconds { get; init; } = new Dictionary<string, double>(StringComparer.Ordinal);

    /// <summary>Whether the process is still there.</summary>
    [JsonIgnore]
    public bool IsAlive => FindProcess() is not null;

    /// <summary>This process, as a cluster.</summary>
    public static (int Id, long StartTicks) ThisProcess()
    {
        using var self = Process.GetCurrentProcess();
        return (self.Id, StartTicks(self));
    }

    /// <summary>Asks it to end, and waits until it has.</summary>
    /// <returns>False where it did not end in time.</returns>
    public async Task<bool> StopAsync(TimeSpan limit, CancellationToken cancellation)
    {
        using var process = FindProcess();
        if (process is null)
            return true;
        return await StopAsync(process, limit, cancellation);
    }

    /// <summary>Asks the process of a cluster to end, and waits until it has.</summary>
    /// <returns>False where it did not end in time.</returns>
    internal static async Task<bool> StopAsync(Process process, TimeSpan limit, CancellationToken cancellation)
    {
        if (Kill(process.Id, Terminate) != 0)
            throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"process {process.Id} cannot be stopped: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}"));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        over.CancelAfter(limit);
        try
        {
            await process.WaitForExitAsync(over.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private Process? FindProcess()
    {
        try
        {
            var process = Process.GetProcessById(ProcessId);
            if (StartTicks(process) == ProcessStartTicks && !IsDead(process.Id))
                return process;
            process.Dispose();
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or Win32Exception or IOException)
        {
            // No such process, or it went while we looked.
        }
        return null;
    }

    // One that has ended and that nobody reaps, as in a container whose first process does not, has no command line any more.
    private static bool IsDead(int process) => OperatingSystem.IsLinux() && File.ReadAllText($"/proc/{process}/cmdline").Length == 0;

    // To the second: two processes that ask may compute it a few milliseconds apart.
    private static long StartTicks(Process process) => process.StartTime.ToUniversalTime().Ticks / TimeSpan.TicksPerSecond;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
