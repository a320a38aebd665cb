using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace ClusterSim.Machinery;

/// <summary>
/// A process of this machine, so that what it left behind is known when it is gone: its id, when it started, as ids come round again, and on Linux the
/// namespace of its id, as containers that share a folder have ids of their own.
/// </summary>
internal readonly record struct ProcessIdentity(int Id, long StartSecond, string? Namespace)
{
    // Start times are computed from the time of boot, and differ by a little from one call to the next.
    private const long StartSecondsOff = 2;

    /// <summary>Returns the identity of this process.</summary>
    public static ProcessIdentity Current()
    {
        using var self = Process.GetCurrentProcess();
        return new ProcessIdentity(self.Id, StartOf(self), OwnNamespace());
    }

    /// <summary>Reads an identity; null where the text is none, such as one that is being written.</summary>
    public static ProcessIdentity? Parse(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is [var idText, var startText, .. var rest] && rest.Length <= 1 && text.EndsWith('\n')
        && int.TryParse(idText, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && long.TryParse(startText, NumberStyles.None, CultureInfo.InvariantCulture, out var start)
            ? new ProcessIdentity(id, start, rest.Length == 1 ? rest[0] : null)
            : null;

    /// <summary>Whether the process is known to have ended. One in another namespace is not known.</summary>
    public bool HasEnded()
    {
        if (Namespace is not null && Namespace != OwnNamespace())
            return false;
        try
        {
            using var process = Process.GetProcessById(Id);
            return Math.Abs(StartOf(process) - StartSecond) > StartSecondsOff || IsZombie(Id);
        }
        catch (Exception ex) when (ex is ArgumentException or InvalidOperationException)
        {
            return true;
        }
        catch (Exception ex) when (ex is Win32Exception or IOException)
        {
            return false; // of another user
        }
    }

    /// <summary>The identity as a line that <see cref="Parse"/> reads.</summary>
    public string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{Id} {StartSecond}{(Namespace is null ? "" : " " + Namespace)}\n");

    // A process that has ended and that its parent does not reap has no command line.
    private static bool IsZombie(int id) => OperatingSystem.IsLinux() && File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/cmdline")).Length == 0;

    private static long StartOf(Process process) => process.StartTime.ToUniversalTime().Ticks / TimeSpan.TicksPerSecond;

    private static string? OwnNamespace() => OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget : null;
}
