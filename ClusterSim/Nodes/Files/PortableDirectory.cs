#pragma warning disable RS0030 // The folder Files is the only code that touches files of this machine.
namespace ClusterSim.Nodes.Files;

/// <summary>
/// A directory where .NET offers no handle of one (Windows, macOS). Links and reparse points are refused before each use. No simulated program can
/// make one, so only a real process that shares the folder could swap one in between.
/// </summary>
internal sealed class PortableDirectory : HostDirectory
{
    private readonly string _path;

    private PortableDirectory(string path)
    {
        _path = path;
    }

    /// <summary>Opens a folder by its path.</summary>
    /// <exception cref="FileSystemException">It cannot be opened.</exception>
    public static PortableDirectory OpenFolder(string folder) =>
        Directory.Exists(folder) ? new PortableDirectory(Path.GetFullPath(folder))
        : throw new FileSystemException(File.Exists(folder) ? Errno.NotDirectory : Errno.NotFound);

    /// <inheritdoc/>
    public override HostDirectory? TryOpenDirectory(string name, out Errno error)
    {
        error = Check(name);
        if (error != Errno.None)
            return null;
        if (name == Self)
            return new PortableDirectory(_path);
        var path = Path.Combine(_path, name);
        error = InfoOf(path) switch
        {
            null => Errno.NotFound,
            var info when IsLink(info) => Errno.TooManyLinks,
            DirectoryInfo => Errno.None,
            _ => Errno.NotDirectory,
        };
        return error == Errno.None ? new PortableDirectory(path) : null;
    }

    /// <inheritdoc/>
    public override FileEntry? Find(string name)
    {
        if (Check(name) is var wrong and not Errno.None)
            return wrong == Errno.NotFound ? null : throw new FileSystemException(wrong);
        if (InfoOf(name == Self ? _path : Path.Combine(_path, name)) is not { } info)
            return null;
        var isOther = name != Self && IsLink(info);
        return new FileEntry(
            isOther ? FileKind.Other : info is DirectoryInfo ? FileKind.Directory : FileKind.File,
            OperatingSystem.IsWindows() ? (UnixFileMode)(info is DirectoryInfo ? 0x1ed : 0x1a4) : info.UnixFileMode,
            info is FileInfo file && !isOther ? file.Length : 0,
            info.LastWriteTimeUtc);
    }

    /// <inheritdoc/>
    public override bool IsOwn(string name) => !Environment.IsPrivilegedProcess; // .NET does not name the owner; a user without privileges cannot enter another user's folder

    /// <inheritdoc/>
    public override FileStream OpenFile(string name, FileMode mode, FileAccess access) => Call(() =>
    {
        var path = Guarded(name);
        return Directory.Exists(path)
            ? throw new FileSystemException(Errno.IsDirectory)
            : new FileStream(path, mode, access, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
    });

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names() => Call(() => Directory.GetFileSystemEntries(_path).Select(Path.GetFileName).OfType<string>().ToList());

    /// <inheritdoc/>
    public override void CreateDirectory(string name) => Call(() =>
        Path.Exists(Guarded(name)) ? throw new FileSystemException(Errno.Exists) : Directory.CreateDirectory(Guarded(name)));

    /// <inheritdoc/>
    public override void RemoveFile(string name) => Call(() =>
    {
        var path = Path.Combine(_path, Checked(name));
        switch (InfoOf(path))
        {
            case null:
                throw new FileSystemException(Errno.NotFound);
            case DirectoryInfo directory when IsLink(directory):
                Directory.Delete(path); // the link alone
                return true;
            case DirectoryInfo:
                throw new FileSystemException(Errno.IsDirectory);
            default:
                File.Delete(path);
                return true;
        }
    });

    /// <inheritdoc/>
    public override void RemoveDirectory(string name) => Call(() =>
    {
        var path = Guarded(name);
        if (!Directory.Exists(path))
            throw new FileSystemException(File.Exists(path) ? Errno.NotDirectory : Errno.NotFound);
        if (Directory.EnumerateFileSystemEntries(path).Any())
            throw new FileSystemException(Errno.NotEmpty);
        Directory.Delete(path);
        return true;
    });

    /// <inheritdoc/>
    public override void Rename(string name, HostDirectory target, string newName) => Call(() =>
    {
        var (from, to) = (Path.Combine(_path, Checked(name)), PathOf(target, newName));
        if (InfoOf(from) is not { } source)
            throw new FileSystemException(Errno.NotFound);
        var replaced = InfoOf(to);
        if (source is DirectoryInfo && !IsLink(source))
        {
            if (replaced is FileInfo)
                throw new FileSystemException(Errno.NotDirectory);
            if (replaced is not null)
                Directory.Delete(to); // an empty one is replaced, any other refused
            Directory.Move(from, to);
        }
        else
        {
            if (replaced is DirectoryInfo)
                throw new FileSystemException(Errno.IsDirectory);
            File.Move(from, to, overwrite: true);
        }
        return true;
    });

    /// <inheritdoc/>
    public override void CreateHardLink(string name, HostDirectory target, string newName) => Call(() =>
    {
        // Two files of one content: .NET has no call for a second name.
        File.Copy(Guarded(name), PathOf(target, newName), overwrite: false);
        return true;
    });

    /// <inheritdoc/>
    public override void SetMode(string name, UnixFileMode mode) => Call(() =>
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(name == Self ? _path : Guarded(name), mode);
        return true;
    });

    /// <inheritdoc/>
    public override void SetModified(string name, DateTime time) => Call(() =>
    {
        var path = name == Self ? _path : Guarded(name);
        if (Directory.Exists(path))
            Directory.SetLastWriteTimeUtc(path, time);
        else
            File.SetLastWriteTimeUtc(path, time);
        return true;
    });

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // There is no handle to close.
    }

    private static FileSystemInfo? InfoOf(string path)
    {
        FileSystemInfo info = Directory.Exists(path) ? new DirectoryInfo(path) : new FileInfo(path);
        return info.Exists || info.LinkTarget is not null ? info : null;
    }

    private static bool IsLink(FileSystemInfo info) => info.LinkTarget is not null || info.Attributes.HasFlag(FileAttributes.ReparsePoint);

    private static string PathOf(HostDirectory directory, string name) =>
        directory is PortableDirectory portable ? portable.Guarded(name) : throw new FileSystemException(Errno.CrossDevice);

    private string Guarded(string name)
    {
        var path = Path.Combine(_path, Checked(name));
        return InfoOf(path) is { } info && IsLink(info) ? throw new FileSystemException(Errno.TooManyLinks) : path;
    }

    private static T Call<T>(Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception ex) when (ex is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileSystemException(Errno.NotFound);
        }
        catch (UnauthorizedAccessException)
        {
            throw new FileSystemException(Errno.AccessDenied);
        }
        catch (IOException ex) when (ex is not FileSystemException)
        {
            // The one IOException that says more by its code: ERROR_FILE_EXISTS, ERROR_ALREADY_EXISTS, EEXIST.
            throw new FileSystemException((ex.HResult & 0xffff) is 80 or 183 or 17 ? Errno.Exists : Errno.InputOutput);
        }
    }
}
