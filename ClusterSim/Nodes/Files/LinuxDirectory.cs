#pragma warning disable RS0030 // The folder Files is the only code that touches files of this machine.
using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace ClusterSim.Nodes.Files;

/// <summary>
/// A directory on Linux: a handle, which stays the same directory whatever happens to the names that led to it. Checking and using an entry is one
/// system call (<c>openat</c> with <c>O_NOFOLLOW</c> and the like), so nothing can be swapped in between.
/// </summary>
[SupportedOSPlatform("linux")]
internal sealed class LinuxDirectory : HostDirectory
{
    private const uint FileModeDefault = 0x1b6; // 0666, less the umask
    private const uint DirectoryModeDefault = 0x1ff; // 0777, less the umask
    private const int TypeMask = 0xf000;
    private const int TypeDirectory = 0x4000;
    private const int TypeRegular = 0x8000;
    private const int TypeLink = 0xa000;

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false };

    private readonly SafeFileHandle _handle;

    private LinuxDirectory(SafeFileHandle handle)
    {
        _handle = handle;
    }

    private string DescriptorPath => string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{_handle.DangerousGetHandle()}");

    /// <summary>Opens a folder by its path.</summary>
    /// <exception cref="FileSystemException">It cannot be opened.</exception>
    public static LinuxDirectory OpenFolder(string folder)
    {
        var descriptor = LinuxCalls.Open(folder, LinuxCalls.PathOnly | LinuxCalls.DirectoryOnly | LinuxCalls.CloseOnExec, 0);
        return descriptor >= 0 ? new LinuxDirectory(HandleOf(descriptor)) : throw LastFailure();
    }

    /// <inheritdoc/>
    public override HostDirectory? TryOpenDirectory(string name, out Errno error)
    {
        error = Check(name);
        if (error != Errno.None)
            return null;
        var descriptor = LinuxCalls.OpenAt(_handle, name, LinuxCalls.PathOnly | LinuxCalls.DirectoryOnly | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec, 0);
        if (descriptor >= 0)
            return new LinuxDirectory(HandleOf(descriptor));
        error = (Errno)Marshal.GetLastPInvokeError();
        if (error == Errno.NotDirectory && StatusOf(_handle, name, out var status) == Errno.None && (status.Mode & TypeMask) == TypeLink)
            error = Errno.TooManyLinks;
        return null;
    }

    /// <inheritdoc/>
    public override FileEntry? Find(string name)
    {
        if (Check(name) is var wrong and not Errno.None)
            return wrong == Errno.NotFound ? null : throw new FileSystemException(wrong);
        return StatusOf(_handle, name, out var status) switch
        {
            Errno.None => EntryOf(status),
            Errno.NotFound => null,
            var error => throw new FileSystemException(error),
        };
    }

    /// <inheritdoc/>
    public override bool IsOwn(string name) => StatusOf(_handle, Checked(name), out var status) == Errno.None && status.User == LinuxCalls.EffectiveUser();

    /// <inheritdoc/>
    public override FileStream OpenFile(string name, FileMode mode, FileAccess access)
    {
        var flags = LinuxCalls.NoFollow | LinuxCalls.CloseOnExec | LinuxCalls.NoTerminal | LinuxCalls.NonBlocking
            | access switch { FileAccess.Read => 0, FileAccess.Write => LinuxCalls.WriteOnly, _ => LinuxCalls.ReadWrite }
            | mode switch
            {
                FileMode.Open => 0,
                FileMode.Truncate => LinuxCalls.Truncate,
                FileMode.OpenOrCreate => LinuxCalls.Create,
                FileMode.Create => LinuxCalls.Create | LinuxCalls.Truncate,
                FileMode.CreateNew => LinuxCalls.Create | LinuxCalls.Exclusive,
                FileMode.Append => LinuxCalls.Create | LinuxCalls.Append,
                _ => throw new ArgumentOutOfRangeException(nameof(mode)),
            };
        var descriptor = LinuxCalls.OpenAt(_handle, Checked(name), flags, FileModeDefault);
        if (descriptor < 0)
            throw LastFailure();
        var handle = HandleOf(descriptor);
        try
        {
            var error = StatusOf(handle, "", out var status);
            if (error == Errno.None)
                error = (status.Mode & TypeMask) switch { TypeRegular => Errno.None, TypeDirectory => Errno.IsDirectory, _ => Errno.AccessDenied };
            return error == Errno.None ? new FileStream(handle, access, bufferSize: 0) : throw new FileSystemException(error);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names()
    {
        try
        {
            return [.. new FileSystemEnumerable<string>(DescriptorPath, static (ref FileSystemEntry entry) => entry.FileName.ToString(), Everything)];
        }
        catch (UnauthorizedAccessException)
        {
            throw new FileSystemException(Errno.AccessDenied);
        }
        catch (DirectoryNotFoundException)
        {
            throw new FileSystemException(Errno.NotFound);
        }
    }

    /// <inheritdoc/>
    public override void CreateDirectory(string name) => Require(LinuxCalls.MakeDirectoryAt(_handle, Checked(name), DirectoryModeDefault));

    /// <inheritdoc/>
    public override void RemoveFile(string name) => Require(LinuxCalls.UnlinkAt(_handle, Checked(name), 0));

    /// <inheritdoc/>
    public override void RemoveDirectory(string name) => Require(LinuxCalls.UnlinkAt(_handle, Checked(name), LinuxCalls.RemoveDirectory));

    /// <inheritdoc/>
    public override void Rename(string name, HostDirectory target, string newName) =>
        Require(LinuxCalls.RenameAt(_handle, Checked(name), HandleOf(target), Checked(newName)));

    /// <inheritdoc/>
    public override void CreateHardLink(string name, HostDirectory target, string newName) =>
        Require(LinuxCalls.LinkAt(_handle, Checked(name), HandleOf(target), Checked(newName), 0));

    /// <inheritdoc/>
    public override void SetMode(string name, UnixFileMode mode)
    {
        // The handle holds the very entry; its path in /proc leads to that and to nothing else.
        var descriptor = LinuxCalls.OpenAt(_handle, Checked(name), LinuxCalls.PathOnly | LinuxCalls.NoFollow | LinuxCalls.CloseOnExec, 0);
        if (descriptor < 0)
            throw LastFailure();
        using var entry = new LinuxDirectory(HandleOf(descriptor));
        if (StatusOf(entry._handle, "", out var status) == Errno.None && (status.Mode & TypeMask) is not (TypeRegular or TypeDirectory))
            throw new FileSystemException(Errno.TooManyLinks);
        try
        {
            File.SetUnixFileMode(entry.DescriptorPath, mode);
        }
        catch (UnauthorizedAccessException)
        {
            throw new FileSystemException(Errno.NotPermitted);
        }
    }

    /// <inheritdoc/>
    public override void SetModified(string name, DateTime time)
    {
        var ticks = (time.ToUniversalTime() - DateTime.UnixEpoch).Ticks;
        var seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out var rest);
        if (rest < 0)
            (seconds, rest) = (seconds - 1, rest + TimeSpan.TicksPerSecond);
        var times = new LinuxCalls.FileTimes
        {
            AccessedNanoseconds = LinuxCalls.FileTimes.Omit,
            ModifiedSeconds = (nint)seconds,
            ModifiedNanoseconds = (nint)(rest * TimeSpan.NanosecondsPerTick),
        };
        Require(LinuxCalls.SetTimesAt(_handle, Checked(name), in times, LinuxCalls.NoFollowAt));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _handle.Dispose();
    }

    private static SafeFileHandle HandleOf(int descriptor) => new(descriptor, ownsHandle: true);

    private static SafeFileHandle HandleOf(HostDirectory directory) => directory is LinuxDirectory linux ? linux._handle : throw new FileSystemException(Errno.CrossDevice);

    private static Errno StatusOf(SafeFileHandle directory, string name, out LinuxCalls.FileStatus status) =>
        LinuxCalls.StatX(directory, name, LinuxCalls.NoFollowAt | (name.Length == 0 ? LinuxCalls.EmptyPath : 0), LinuxCalls.BasicStats, out status) == 0
            ? Errno.None
            : (Errno)Marshal.GetLastPInvokeError();

    private static FileEntry EntryOf(in LinuxCalls.FileStatus status) => new(
        (status.Mode & TypeMask) switch { TypeRegular => FileKind.File, TypeDirectory => FileKind.Directory, _ => FileKind.Other },
        (UnixFileMode)(status.Mode & 0xfff),
        (long)status.Size,
        DateTime.UnixEpoch.AddSeconds(status.ModifiedSeconds).AddTicks(status.ModifiedNanoseconds / TimeSpan.NanosecondsPerTick),
        status.Inode);

    private static FileSystemException LastFailure() => new((Errno)Marshal.GetLastPInvokeError());

    private static void Require(int result)
    {
        if (result != 0)
            throw LastFailure();
    }
}
