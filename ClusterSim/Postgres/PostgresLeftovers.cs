using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using ClusterSim.Machinery;

namespace ClusterSim.Postgres;

/// <summary>
/// Servers by what they leave on disk. <c>postmaster.pid</c> in a data directory says which process serves it and whether it is ready; the
/// file <c>owner</c> beside it which process of ours wanted it. Where that one is gone, the server is left over and is ended.
/// </summary>
internal static partial class PostgresLeftovers
{
    /// <summary>SIGINT: PostgreSQL's fast shutdown.</summary>
    public const int Fast = 2;

    /// <summary>SIGQUIT: PostgreSQL's immediate shutdown.</summary>
    public const int Immediate = 3;

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(3);

    /// <summary>Ends the servers under <paramref name="root"/> whose owner is gone, and removes their folders.</summary>
    public static async Task EndAsync(string root, CancellationToken cancellation)
    {
        if (!Directory.Exists(root))
            return;
        foreach (var folder in Directory.GetDirectories(root))
        {
            var owner = folder + "/owner";
            if (!File.Exists(owner) || ProcessIdentity.Parse(await File.ReadAllTextAsync(owner, cancellation)) is not { } process || !process.HasEnded())
                continue;
            await EndServerAsync(folder + "/data", Immediate, TimeSpan.FromSeconds(5), cancellation);
            Remove(folder);
        }
    }

    /// <summary>Ends the server of a kept data directory, left by an earlier run, as gently as it allows.</summary>
    public static Task EndServerAsync(string dataDirectory, CancellationToken cancellation) =>
        EndServerAsync(dataDirectory, Fast, TimeSpan.FromSeconds(20), cancellation);

    /// <summary>Signals the server of a data directory and waits until it is gone; after <paramref name="limit"/>, with more force.</summary>
    public static async Task EndServerAsync(string dataDirectory, int signal, TimeSpan limit, CancellationToken cancellation)
    {
        if (ServerId(dataDirectory) is not { } id || !IsServer(id, dataDirectory))
            return;
        _ = Kill(id, signal);
        var began = Stopwatch.GetTimestamp();
        while (ServerId(dataDirectory) == id && IsServer(id, dataDirectory))
        {
            if (Stopwatch.GetElapsedTime(began) > limit)
            {
                if (signal != Immediate)
                {
                    await EndServerAsync(dataDirectory, Immediate, limit, cancellation);
                    return;
                }

                throw new PostgresServerException($"PostgreSQL {id} on {dataDirectory} does not end");
            }

            await Task.Delay(Poll, TimeProvider.System, cancellation);
        }
    }

    /// <summary>The process that serves a data directory, if <c>postmaster.pid</c> names one.</summary>
    public static int? ServerId(string dataDirectory) =>
        PidFile(dataDirectory) is [var first, ..] && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    /// <summary>Whether the process that <c>postmaster.pid</c> names is there.</summary>
    public static bool IsServed(string dataDirectory) => ServerId(dataDirectory) is { } id && IsServer(id, dataDirectory);

    /// <summary>Whether the server accepts connections: the eighth line says so.</summary>
    public static bool IsReady(string dataDirectory) => PidFile(dataDirectory) is { Length: > 7 } lines && lines[7].Trim() == "ready";

    /// <summary>Removes a folder, whatever still goes on in it.</summary>
    public static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Another process removed it at the same time.
        }
        catch (IOException)
        {
            // A server's child still writes; the next start removes the rest (its owner is gone by then).
        }
    }

    private static string[] PidFile(string dataDirectory)
    {
        try
        {
            return File.ReadAllLines(dataDirectory + "/postmaster.pid");
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Never signals a stranger that has the number now: the process must be a postgres, and must not be dead already.</summary>
    private static bool IsServer(int id, string dataDirectory)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            if (!process.ProcessName.StartsWith("postgres", StringComparison.Ordinal))
                return false;
            if (!OperatingSystem.IsLinux())
                return !process.HasExited;

            // One that nobody reaps has no command line any more.
            var commandLine = File.ReadAllText($"/proc/{id}/cmdline");
            return commandLine.Contains(dataDirectory, StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int id, int signal);
}
