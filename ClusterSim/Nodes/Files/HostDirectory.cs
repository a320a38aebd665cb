using System.Text;

namespace ClusterSim.Nodes.Files;

/// <summary>
/// An open directory of this machine, below a folder that the kubelet made or the user named. Every operation takes the name of one entry, never a
/// path, and none follows a link: a link of this machine is refused with ELOOP. So no operation leaves the folder, whatever others change meanwhile.
/// </summary>
internal abstract class HostDirectory : IDisposable
{
    // NAME_MAX of Linux' file systems.
    private const int NameBytesMax = 255;

    /// <summary>The entry that is the directory itself.</summary>
    public const string Self = ".";

    /// <summary>Opens a folder by its path on this machine. The path is the kubelet's or the user's choice, never a container's.</summary>
    /// <exception cref="FileSystemException">It cannot be opened.</exception>
    public static HostDirectory Open(string folder) =>
        OperatingSystem.IsLinux() ? LinuxDirectory.OpenFolder(folder) : PortableDirectory.OpenFolder(folder);

    /// <summary>Opens a directory in this one; null where <paramref name="error"/> says why not.</summary>
    public abstract HostDirectory? TryOpenDirectory(string name, out Errno error);

    /// <summary>Returns what is known of an entry; null where there is none.</summary>
    /// <exception cref="FileSystemException">It cannot be examined.</exception>
    public abstract FileEntry? Find(string name);

    /// <summary>Whether an entry is of this process's user; false where that is not known.</summary>
    public abstract bool IsOwn(string name);

    /// <summary>Opens a regular file.</summary>
    /// <exception cref="FileSystemException">It cannot be opened, or is not a regular file.</exception>
    public abstract FileStream OpenFile(string name, FileMode mode, FileAccess access);

    /// <summary>Returns the names of the entries, in no order.</summary>
    /// <exception cref="FileSystemException">The directory cannot be read.</exception>
    public abstract IReadOnlyList<string> Names();

    /// <summary>Makes a directory.</summary>
    /// <exception cref="FileSystemException">It cannot be made.</exception>
    public abstract void CreateDirectory(string name);

    /// <summary>Removes an entry that is not a directory.</summary>
    /// <exception cref="FileSystemException">It cannot be removed.</exception>
    public abstract void RemoveFile(string name);

    /// <summary>Removes an empty directory.</summary>
    /// <exception cref="FileSystemException">It cannot be removed.</exception>
    public abstract void RemoveDirectory(string name);

    /// <summary>Renames an entry, in one step; what has the new name is replaced.</summary>
    /// <exception cref="FileSystemException">It cannot be renamed.</exception>
    public abstract void Rename(string name, HostDirectory target, string newName);

    /// <summary>Gives a regular file a second name.</summary>
    /// <exception cref="FileSystemException">It cannot be linked.</exception>
    public abstract void CreateHardLink(string name, HostDirectory target, string newName);

    /// <summary>Sets the permission bits of an entry.</summary>
    /// <exception cref="FileSystemException">They cannot be set.</exception>
    public abstract void SetMode(string name, UnixFileMode mode);

    /// <summary>Sets when the content of an entry changed.</summary>
    /// <exception cref="FileSystemException">It cannot be set.</exception>
    public abstract void SetModified(string name, DateTime time);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the directory.</summary>
    protected abstract void Dispose(bool disposing);

    /// <summary>Whether a name is one of an entry: not empty, no path, neither <c>..</c> nor what this machine takes for more than a name.</summary>
    protected static Errno Check(string name)
    {
        if (name.Length == 0)
            return Errno.NotFound;
        if (name == ".." || name.AsSpan().IndexOfAny('/', '\0') >= 0 || (OperatingSystem.IsWindows() && name.AsSpan().IndexOfAny('\\', ':') >= 0))
            return Errno.Invalid;
        return name.Length > NameBytesMax || (name.Length > NameBytesMax / 4 && Encoding.UTF8.GetByteCount(name) > NameBytesMax) ? Errno.NameTooLong : Errno.None;
    }

    /// <summary>Returns a name that <see cref="Check"/> finds nothing wrong with.</summary>
    /// <exception cref="FileSystemException">It does.</exception>
    protected static string Checked(string name) => Check(name) is var error and not Errno.None ? throw new FileSystemException(error) : name;
}
