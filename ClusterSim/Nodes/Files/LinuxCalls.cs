using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ClusterSim.Nodes.Files;

/// <summary>Linux' file system calls relative to an open directory, which .NET has no methods for.</summary>
internal static partial class LinuxCalls
{
    /// <summary>O_WRONLY.</summary>
    public const int WriteOnly = 0x1;

    /// <summary>O_RDWR.</summary>
    public const int ReadWrite = 0x2;

    /// <summary>O_CREAT.</summary>
    public const int Create = 0x40;

    /// <summary>O_EXCL.</summary>
    public const int Exclusive = 0x80;

    /// <summary>O_NOCTTY.</summary>
    public const int NoTerminal = 0x100;

    /// <summary>O_TRUNC.</summary>
    public const int Truncate = 0x200;

    /// <summary>O_APPEND.</summary>
    public const int Append = 0x400;

    /// <summary>O_NONBLOCK.</summary>
    public const int NonBlocking = 0x800;

    /// <summary>O_CLOEXEC.</summary>
    public const int CloseOnExec = 0x80000;

    /// <summary>O_PATH.</summary>
    public const int PathOnly = 0x200000;

    /// <summary>AT_REMOVEDIR.</summary>
    public const int RemoveDirectory = 0x200;

    /// <summary>AT_SYMLINK_NOFOLLOW.</summary>
    public const int NoFollowAt = 0x100;

    /// <summary>AT_EMPTY_PATH.</summary>
    public const int EmptyPath = 0x1000;

    /// <summary>STATX_TYPE | STATX_MODE | STATX_UID | STATX_MTIME | STATX_INO | STATX_SIZE.</summary>
    public const uint BasicStats = 0x1 | 0x2 | 0x8 | 0x40 | 0x100 | 0x200;

    // Arm and PowerPC have values of their own for these two (asm/fcntl.h).
    private static readonly bool IsGeneric = RuntimeInformation.ProcessArchitecture is not (Architecture.Arm or Architecture.Arm64 or Architecture.Armv6 or Architecture.Ppc64le);

    /// <summary>O_DIRECTORY.</summary>
    public static int DirectoryOnly => IsGeneric ? 0x10000 : 0x4000;

    /// <summary>O_NOFOLLOW.</summary>
    public static int NoFollow => IsGeneric ? 0x20000 : 0x8000;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int OpenAt(SafeFileHandle directory, string name, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int StatX(SafeFileHandle directory, string name, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int MakeDirectoryAt(SafeFileHandle directory, string name, uint mode);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int UnlinkAt(SafeFileHandle directory, string name, int flags);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int RenameAt(SafeFileHandle directory, string name, SafeFileHandle target, string newName);

    [LibraryImport("libc", EntryPoint = "linkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int LinkAt(SafeFileHandle directory, string name, SafeFileHandle target, string newName, int flags);

    [LibraryImport("libc", EntryPoint = "utimensat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int SetTimesAt(SafeFileHandle directory, string name, in FileTimes times, int flags);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial uint EffectiveUser();

    /// <summary><c>struct statx</c>, the fields that are read.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct FileStatus
    {
        /// <summary><c>stx_uid</c>.</summary>
        [FieldOffset(20)]
        public uint User;

        /// <summary><c>stx_mode</c>: type and permission bits.</summary>
        [FieldOffset(28)]
        public ushort Mode;

        /// <summary><c>stx_ino</c>.</summary>
        [FieldOffset(32)]
        public ulong Inode;

        /// <summary><c>stx_size</c>.</summary>
        [FieldOffset(40)]
        public ulong Size;

        /// <summary><c>stx_mtime.tv_sec</c>.</summary>
        [FieldOffset(112)]
        public long ModifiedSeconds;

        /// <summary><c>stx_mtime.tv_nsec</c>.</summary>
        [FieldOffset(120)]
        public uint ModifiedNanoseconds;
    }

    /// <summary>Two <c>struct timespec</c>: of access and of modification.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FileTimes
    {
        /// <summary>UTIME_OMIT: the time stays as it is.</summary>
        public const int Omit = (1 << 30) - 2;

        /// <summary>Access, seconds.</summary>
        public nint AccessedSeconds;

        /// <summary>Access, nanoseconds.</summary>
        public nint AccessedNanoseconds;

        /// <summary>Modification, seconds.</summary>
        public nint ModifiedSeconds;

        /// <summary>Modification, nanoseconds.</summary>
        public nint ModifiedNanoseconds;
    }
}
