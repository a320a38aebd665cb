using System.Text;

namespace ClusterSim.Nodes.Files;

/// <summary>
/// An open directory of a container's files, in which symbolic links are data: a link is a regular file under a reserved name that holds the target.
/// So links move, stay and go with the folder that holds them, every container that mounts the folder sees the same ones, and this machine has no
/// link to follow. A file of the plain name takes precedence over a link of that name.
/// </summary>
internal sealed class TreeDirectory : IDisposable
{
    /// <summary>What the names of files that are links begin with. No program can make or see a file of such a name.</summary>
    public const string LinkPrefix = ReservedPrefix + "link~";

    // PATH_MAX of Linux.
    private const int TargetLengthMax = 4096;
    private const string ReservedPrefix = ".~cs-";
    private const string DraftPrefix = ReservedPrefix + "draft~";

    private readonly HostDirectory _directory;
    private readonly Lock _names;

    /// <summary>A directory.</summary>
    /// <param name="directory">The directory of this machine; it is closed with this one.</param>
    /// <param name="hostPath">Its path on this machine, for real programs.</param>
    /// <param name="names">Held while more than one name changes; one for all containers that may share a folder.</param>
    public TreeDirectory(HostDirectory directory, string hostPath, Lock names)
    {
        _directory = directory;
        _names = names;
        HostPath = hostPath;
    }

    /// <summary>Its path on this machine.</summary>
    public string HostPath { get; }

    /// <summary>Opens a directory in this one; null where <paramref name="error"/> says why not. A link is not followed.</summary>
    public TreeDirectory? TryOpenDirectory(string name, out Errno error)
    {
        error = Check(name);
        if (error != Errno.None)
            return null;
        return _directory.TryOpenDirectory(name, out error) is { } opened ? new TreeDirectory(opened, Path.Combine(HostPath, name), _names) : null;
    }

    /// <summary>Opens a directory in this one.</summary>
    /// <exception cref="FileSystemException">It is none, or cannot be opened.</exception>
    public TreeDirectory OpenDirectory(string name) => TryOpenDirectory(name, out var error) ?? throw new FileSystemException(error);

    /// <summary>Returns a directory in this one that takes the place of one that is missing: for paths that are to be made.</summary>
    public TreeDirectory Missing(string name) =>
        Check(name) is var error and not Errno.None ? throw new FileSystemException(error) : new TreeDirectory(new MissingDirectory(), Path.Combine(HostPath, name), _names);

    /// <summary>Returns what is known of an entry, itself where it is a link; null where there is none.</summary>
    /// <exception cref="FileSystemException">It cannot be examined.</exception>
    public FileEntry? Find(string name)
    {
        if (Check(name) is var error and not Errno.None)
            return error is Errno.NotFound or Errno.Invalid ? null : throw new FileSystemException(error);
        if (_directory.Find(name) is { } entry)
            return entry;
        return name != HostDirectory.Self && FindLink(name) is { } link ? new FileEntry(FileKind.SymbolicLink, (UnixFileMode)0x1ff, link.Length, link.Modified) : null;
    }

    /// <summary>Returns the target of a link; null where the entry is missing or no link.</summary>
    /// <exception cref="FileSystemException">It cannot be read.</exception>
    public string? ReadLink(string name)
    {
        if (Check(name) != Errno.None || name == HostDirectory.Self || FindLink(name) is null || _directory.Find(name) is not null)
            return null;
        try
        {
            using var link = _directory.OpenFile(LinkPrefix + name, FileMode.Open, FileAccess.Read);
            var target = new byte[TargetLengthMax];
            return Encoding.UTF8.GetString(target.AsSpan(0, link.ReadAtLeast(target, target.Length, throwOnEndOfStream: false)));
        }
        catch (FileSystemException ex) when (ex.Error == Errno.NotFound)
        {
            return null; // removed meanwhile
        }
    }

    /// <summary>Makes a link.</summary>
    /// <exception cref="FileSystemException">It cannot be made.</exception>
    public void CreateLink(string name, string target)
    {
        var content = Encoding.UTF8.GetBytes(target);
        if (content.Length is 0 or > TargetLengthMax || target.Contains('\0', StringComparison.Ordinal))
            throw new FileSystemException(content.Length == 0 ? Errno.NotFound : content.Length > TargetLengthMax ? Errno.NameTooLong : Errno.Invalid);
        lock (_names)
        {
            RequireFree(name);
            // The file is complete before it gets its name: a reader never sees half a target.
            using (var draft = _directory.OpenFile(DraftPrefix + name, FileMode.Create, FileAccess.Write))
                draft.Write(content);
            _directory.Rename(DraftPrefix + name, _directory, LinkPrefix + name);
        }
    }

    /// <summary>Opens a regular file. A link of that name is not followed.</summary>
    /// <exception cref="FileSystemException">It cannot be opened.</exception>
    public FileStream OpenFile(string name, FileMode mode, FileAccess access) => _directory.OpenFile(Checked(name), mode, access);

    /// <summary>Returns the names of the entries, in no order.</summary>
    /// <exception cref="FileSystemException">The directory cannot be read.</exception>
    public IReadOnlyCollection<string> Names()
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in _directory.Names())
            if (name.StartsWith(LinkPrefix, StringComparison.Ordinal) && name.Length > LinkPrefix.Length)
                names.Add(name[LinkPrefix.Length..]);
            else if (!name.StartsWith(ReservedPrefix, StringComparison.Ordinal))
                names.Add(name);
        return names;
    }

    /// <summary>Makes a directory.</summary>
    /// <exception cref="FileSystemException">It cannot be made.</exception>
    public void CreateDirectory(string name)
    {
        lock (_names)
        {
            RequireFree(name);
            _directory.CreateDirectory(name);
        }
    }

    /// <summary>Removes a file or a link.</summary>
    /// <exception cref="FileSystemException">It cannot be removed.</exception>
    public void RemoveFile(string name)
    {
        lock (_names)
            _directory.RemoveFile(StoredName(name));
    }

    /// <summary>Removes an empty directory.</summary>
    /// <exception cref="FileSystemException">It cannot be removed.</exception>
    public void RemoveDirectory(string name)
    {
        lock (_names)
        {
            if (StoredName(name) != name)
                throw new FileSystemException(Errno.NotDirectory);
            if (_directory.TryOpenDirectory(name, out var error) is not { } directory)
                throw new FileSystemException(error);
            using (directory)
            {
                // A draft is of a program that is gone.
                foreach (var draft in directory.Names().Where(draft => draft.StartsWith(DraftPrefix, StringComparison.Ordinal)))
                    directory.RemoveFile(draft);
            }
            _directory.RemoveDirectory(name);
        }
    }

    /// <summary>Renames an entry, a link as itself; what has the new name is replaced (<c>rename</c>).</summary>
    /// <exception cref="FileSystemException">It cannot be renamed.</exception>
    public void Rename(string name, TreeDirectory target, string newName)
    {
        lock (_names)
        {
            var stored = StoredName(name);
            var (isLink, isDirectory) = (stored != name, _directory.Find(stored) is { IsDirectory: true });
            Checked(newName);
            var replaced = target._directory.Find(newName);
            var hidden = target.FindLink(newName) is not null;
            if (isLink)
            {
                if (replaced is { IsDirectory: true })
                    throw new FileSystemException(Errno.IsDirectory);
                _directory.Rename(stored, target._directory, LinkPrefix + newName);
                if (replaced is not null)
                    target._directory.RemoveFile(newName);
                return;
            }
            if (isDirectory && hidden && replaced is null)
                throw new FileSystemException(Errno.NotDirectory);
            _directory.Rename(name, target._directory, newName);
            if (hidden)
                target._directory.RemoveFile(LinkPrefix + newName);
        }
    }

    /// <summary>Gives a regular file, or a link, a second name.</summary>
    /// <exception cref="FileSystemException">It cannot be linked.</exception>
    public void CreateHardLink(string name, TreeDirectory target, string newName)
    {
        lock (_names)
        {
            var stored = StoredName(name);
            target.RequireFree(newName);
            if (_directory.Find(stored) is not { IsFile: true })
                throw new FileSystemException(Errno.NotPermitted);
            _directory.CreateHardLink(stored, target._directory, stored == name ? newName : LinkPrefix + newName);
        }
    }

    /// <summary>Sets the permission bits of an entry that is no link.</summary>
    /// <exception cref="FileSystemException">They cannot be set.</exception>
    public void SetMode(string name, UnixFileMode mode) => _directory.SetMode(Checked(name), mode);

    /// <summary>Sets when the content of an entry changed; of a link, when it was made.</summary>
    /// <exception cref="FileSystemException">It cannot be set.</exception>
    public void SetModified(string name, DateTime time) => _directory.SetModified(name == HostDirectory.Self ? name : StoredName(name), time);

    /// <summary>Removes an entry with all that is in it; nothing happens where there is none.</summary>
    /// <exception cref="FileSystemException">Something in it cannot be removed.</exception>
    public void RemoveAll(string name)
    {
        if (Find(name) is not { } entry)
            return;
        if (!entry.IsDirectory)
        {
            RemoveFile(name);
            return;
        }
        using (var directory = OpenDirectory(name))
            foreach (var child in directory.Names())
                directory.RemoveAll(child);
        RemoveDirectory(name);
    }

    /// <summary>Copies an entry with all that is in it; a link as itself. The copy's name must be free.</summary>
    /// <exception cref="FileSystemException">Something cannot be copied.</exception>
    public void CopyAll(string name, TreeDirectory target, string newName)
    {
        if (Find(name) is not { } entry)
            throw new FileSystemException(Errno.NotFound);
        if (ReadLink(name) is { } link)
        {
            target.CreateLink(newName, link);
            return;
        }
        if (entry.IsDirectory)
        {
            target.CreateDirectory(newName);
            using var from = OpenDirectory(name);
            using var to = target.OpenDirectory(newName);
            foreach (var child in from.Names())
                from.CopyAll(child, to, child);
        }
        else
        {
            using var from = OpenFile(name, FileMode.Open, FileAccess.Read);
            using var to = target.OpenFile(newName, FileMode.CreateNew, FileAccess.Write);
            from.CopyTo(to);
        }
        target.SetMode(newName, entry.Mode);
    }

    /// <inheritdoc/>
    public void Dispose() => _directory.Dispose();

    /// <summary>Whether a name is one that programs may use.</summary>
    private static Errno Check(string name) =>
        name.StartsWith(ReservedPrefix, StringComparison.Ordinal) ? Errno.Invalid : name.Length == 0 ? Errno.NotFound : name.Contains('/', StringComparison.Ordinal) ? Errno.Invalid : Errno.None;

    private static string Checked(string name) => Check(name) is var error and not Errno.None ? throw new FileSystemException(error) : name;

    private FileEntry? FindLink(string name) => _directory.Find(LinkPrefix + name) is { IsFile: true } link ? link : null;

    /// <summary>The name by which this machine has an entry.</summary>
    private string StoredName(string name)
    {
        if (Checked(name) == HostDirectory.Self)
            throw new FileSystemException(Errno.Invalid);
        if (_directory.Find(name) is not null)
            return name;
        return FindLink(name) is not null ? LinkPrefix + name : throw new FileSystemException(Errno.NotFound);
    }

    private void RequireFree(string name)
    {
        if (Find(Checked(name)) is not null)
            throw new FileSystemException(Errno.Exists);
    }
}
