using System.Diagnostics;
using System.Globalization;
using ClusterSim;

namespace Benchmarks;

/// <summary>Starts one cluster in this process and ends: run it repeatedly to compare builds of the simulator.</summary>
internal static class StartBenchmark
{
    /// <summary>Prints the milliseconds from the start of the process to the ready cluster, and the process' processor time until then.</summary>
    public static async Task<int> RunAsync()
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        using var process = Process.GetCurrentProcess();
        var wall = TimeProvider.System.GetLocalNow() - new DateTimeOffset(process.StartTime);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{wall.TotalMilliseconds:0} ms, {process.TotalProcessorTime.TotalMilliseconds:0} ms of processor time"));
        return 0;
    }
}
