using System.Globalization;

namespace ClusterSim.Postgres;

/// <summary>
/// Where the folders of servers are, one of the user's in each place. Data that goes with its server is in memory where there is room: a database
/// is some three hundred small files, and on a disk's file system those were half of what a chaos run takes (docs/chaos.md).
/// </summary>
internal static class PostgresFolders
{
    /// <summary>Linux' file system in memory that everybody may write to (tmpfs(5)).</summary>
    public const string Memory = "/dev/shm";

    /// <summary>Bytes that have to be left for a server: some 45 MB of its own, its log of 256 MB at most, and what databases will hold.</summary>
    public const long RoomNeeded = 1L << 30;

    /// <summary>
    /// A function of shell scripts, <c>secure PLACE</c>: makes the place if need be, and ends the script where anybody else can have a hand in it.
    /// </summary>
    public const string Secure =
        """
        secure() {
          mkdir -p "$1"
          if [ ! -O "$1" ] || [ -L "$1" ]; then echo "$1 is not a directory of $(id -un) alone: remove it" >&2; exit 1; fi
          chmod 700 "$1"
        }

        """;

    // Not TMPDIR: on macOS its path leaves too little of the hundred bytes that a socket's may have.
    private const string Disk = "/tmp";

    /// <summary>Whether a server's data may go into memory now.</summary>
    public static bool HasRoomInMemory
    {
        get
        {
            // A container's /dev/shm has 64 MB where nobody asked for more; elsewhere than on Linux there is none.
            if (!OperatingSystem.IsLinux() || !Directory.Exists(Memory) || !File.GetUnixFileMode(Memory).HasFlag(UnixFileMode.OtherWrite))
                return false;
            var drive = new DriveInfo(Memory);
            return IsRoomInMemory(drive.DriveFormat, drive.AvailableFreeSpace, AvailableMemory());
        }
    }

    /// <summary>The places where a user's servers may be.</summary>
    public static IReadOnlyList<string> All(ServerUser user) => [Of(Disk, user), Of(Memory, user)];

    /// <summary>Where what lasts beyond a server is, the templates among it.</summary>
    public static string Lasting(ServerUser user) => Of(Disk, user);

    /// <summary>Where a new server's folder goes.</summary>
    public static string ForServer(ServerUser user, bool isLasting) => Of(!isLasting && HasRoomInMemory ? Memory : Disk, user);

    /// <summary>Whether that is memory, with enough left of its file system and of the machine's.</summary>
    internal static bool IsRoomInMemory(string format, long left, long memory) => format == "tmpfs" && left >= RoomNeeded && memory >= RoomNeeded;

    private static string Of(string place, ServerUser user) => string.Create(CultureInfo.InvariantCulture, $"{place}/harness-postgres-{user.Id}");

    // proc(5): what can be had without swapping, in kB.
    private static long AvailableMemory() =>
        File.ReadLines("/proc/meminfo").FirstOrDefault(line => line.StartsWith("MemAvailable:", StringComparison.Ordinal)) is { } line
        && long.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], NumberStyles.None, CultureInfo.InvariantCulture, out var kilobytes)
            ? kilobytes * 1024
            : 0;
}
