using System.Diagnostics;
using System.Globalization;

namespace Benchmarks;

/// <summary>What processes have used, from Linux' /proc; elsewhere, where there is none, nothing is known of PostgreSQL.</summary>
internal static class ProcessUsage
{
    private const double TicksPerSecond = 100; // sysconf(_SC_CLK_TCK), 100 on every Linux that .NET runs on

    /// <summary>CPU seconds, user and system, of a process of ours.</summary>
    public static double CpuOf(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime.TotalSeconds;
    }

    /// <summary>CPU seconds of a PostgreSQL server: of the postmaster, its children, and those that have ended.</summary>
    public static double CpuOfPostgres(string dataDirectory)
    {
        if (!OperatingSystem.IsLinux())
            return double.NaN;
        var postmaster = int.Parse(File.ReadLines(Path.Combine(dataDirectory, "postmaster.pid")).First(), CultureInfo.InvariantCulture);
        var ticks = 0L;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), out var id) || Stat(folder) is not { } stat)
                continue;
            if (id == postmaster)
                ticks += stat[11] + stat[12] + stat[13] + stat[14];
            else if (stat[1] == postmaster)
                ticks += stat[11] + stat[12];
        }
        return ticks / TicksPerSecond;
    }

    /// <summary>The most memory that a process has had resident, in MiB.</summary>
    public static long PeakOf(int process) => Status(process, "VmHWM:");

    /// <summary>The memory that a process has resident now, in MiB.</summary>
    public static long ResidentOf(int process) => Status(process, "VmRSS:");

    private static long Status(int process, string field)
    {
        var path = $"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status";
        var line = File.Exists(path) ? File.ReadLines(path).FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal)) : null;
        return line is null ? -1 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    // The fields after the name in parentheses: [0] state, [1] parent, [11] utime, [12] stime, [13] cutime, [14] cstime.
    private static long[]? Stat(string folder)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            return [.. text[(text.LastIndexOf(')') + 2)..].Split(' ').Select(field => long.TryParse(field, out var number) ? number : 0)];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
