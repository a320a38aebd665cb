#pragma warning disable RS0030 // The folder Files is the only code that touches files of this machine.
using System.Text;

namespace ClusterSim.Nodes.Files;

/// <summary>
/// A container's file system: its mounts over its root. It is the only way to a file for simulated programs and for the kubelet. Paths are the
/// container's, from its root; links are data and lead within the container.
/// </summary>
/// <param name="mounts">The mounts.</param>
internal sealed class ContainerFileSystem(MountTable mounts)
{
    private static readonly string[] Anybodys = ["/tmp", "/var/tmp", "/dev"];

    /// <summary>The user that the programs run as.</summary>
    public long Uid { get; init; }

    /// <summary>The paths of the volumes, the longest first.</summary>
    public IEnumerable<string> VolumePaths => mounts.VolumePaths;

    /// <summary>Returns what is known of the file that a path leads to; null where it leads to none.</summary>
    public FileEntry? Stat(string path) => Find(path, followsLast: true);

    /// <summary>Returns what is known of an entry, itself where it is a link; null where there is none.</summary>
    public FileEntry? LStat(string path) => Find(path, followsLast: false);

    /// <summary>Whether a path leads to a directory.</summary>
    public bool IsDirectory(string path) => Stat(path) is { IsDirectory: true };

    /// <summary>Whether a path leads to a regular file.</summary>
    public bool IsFile(string path) => Stat(path) is { IsFile: true };

    /// <summary>Returns the path that a path leads to, without links and dots.</summary>
    /// <exception cref="FileSystemException">It leads to nothing.</exception>
    public string RealPath(string path)
    {
        using var walk = Walk(path);
        return walk.Required().Entry is null ? throw new FileSystemException(Errno.NotFound) : walk.Path;
    }

    /// <summary>Returns the path on this machine of what a path leads to, or would if it were made: for real programs. It has no links.</summary>
    /// <exception cref="FileSystemException">It leads nowhere, or through a link of this machine.</exception>
    public string HostPath(string path)
    {
        using var walk = PathWalk.Of(mounts, path, followsLast: true, takesMissing: true).Required();
        if (walk.Entry is { Kind: FileKind.Other })
            throw new FileSystemException(Errno.TooManyLinks);
        walk.Mount.Shared?.Invoke();
        return walk.Name == HostDirectory.Self ? walk.Directory.HostPath : Path.Combine(walk.Directory.HostPath, walk.Name);
    }

    /// <summary>Whether what a path leads to is on a read-only file system.</summary>
    public bool IsReadOnly(string path)
    {
        using var walk = PathWalk.Of(mounts, path, followsLast: true, takesMissing: true);
        return walk.Error == Errno.None && IsReadOnly(walk.Path, walk.Mount);
    }

    /// <summary>Whether the user may write what a path leads to.</summary>
    public bool IsWritable(string path)
    {
        using var walk = Walk(path);
        return walk is { Error: Errno.None, Entry: not null } && WriteError(walk.Path, walk.Mount) == Errno.None;
    }

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="FileSystemException">It cannot be opened.</exception>
    public FileStream OpenRead(string path)
    {
        using var walk = Walk(path).Required();
        return walk.Entry switch
        {
            null => throw new FileSystemException(Errno.NotFound),
            { IsDirectory: true } => throw new FileSystemException(Errno.IsDirectory),
            _ => walk.Directory.OpenFile(walk.Name, FileMode.Open, FileAccess.Read),
        };
    }

    /// <summary>Opens a file for writing.</summary>
    /// <exception cref="FileSystemException">It cannot be opened.</exception>
    public Stream OpenWrite(string path, FileMode mode)
    {
        using var walk = Walk(path).Required();
        RequireWritable(walk.Path, walk.Mount);
        if (walk.Entry is { IsDirectory: true } || walk.Name == HostDirectory.Self)
            throw new FileSystemException(Errno.IsDirectory);
        if (walk.Mount.Quota is not { } quota)
            return walk.Directory.OpenFile(walk.Name, mode, FileAccess.Write);
        if (walk.Entry is null)
            quota.Reserve(FolderUsage.BlockBytes);
        var file = walk.Directory.OpenFile(walk.Name, mode, FileAccess.Write);
        if (mode is FileMode.Create or FileMode.Truncate && walk.Entry is { Length: > 0 })
            quota.NoteRemoval();
        return new QuotaStream(file, quota);
    }

    /// <summary>Returns the content of a file.</summary>
    /// <exception cref="FileSystemException">It cannot be read.</exception>
    public byte[] ReadAllBytes(string path)
    {
        using var file = OpenRead(path);
        using var content = new MemoryStream();
        file.CopyTo(content);
        return content.ToArray();
    }

    /// <summary>Returns the content of a file as text.</summary>
    /// <exception cref="FileSystemException">It cannot be read.</exception>
    public string ReadAllText(string path)
    {
        using var reader = new StreamReader(OpenRead(path), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Writes a file, in the place of the content that it has.</summary>
    /// <exception cref="FileSystemException">It cannot be written.</exception>
    public void WriteAllBytes(string path, ReadOnlySpan<byte> content)
    {
        using var file = OpenWrite(path, FileMode.Create);
        file.Write(content);
    }

    /// <summary>Returns the entries of a directory, links as themselves, in no order.</summary>
    /// <exception cref="FileSystemException">It is none, or cannot be read.</exception>
    public IReadOnlyList<(string Name, FileEntry Entry)> Enumerate(string path)
    {
        using var walk = Walk(path).Required();
        if (walk.Entry is not { IsDirectory: true })
            throw new FileSystemException(walk.Entry is null ? Errno.NotFound : Errno.NotDirectory);
        using var opened = walk.Name == HostDirectory.Self ? null : walk.Directory.OpenDirectory(walk.Name);
        var directory = opened ?? walk.Directory;
        var mounted = mounts.NamesIn(walk.Path).ToHashSet(StringComparer.Ordinal);
        var entries = new List<(string Name, FileEntry Entry)>();
        foreach (var name in directory.Names())
            if (!mounted.Contains(name) && directory.Find(name) is { } entry)
                entries.Add((name, entry));
        foreach (var name in mounted)
            if (LStat($"{walk.Path.TrimEnd('/')}/{name}") is { } entry)
                entries.Add((name, entry));
        return entries;
    }

    /// <summary>Returns the target of a link; null where a path is none.</summary>
    public string? ReadLink(string path)
    {
        using var walk = PathWalk.Of(mounts, path, followsLast: false);
        return walk.Error == Errno.None && walk.Entry is { IsSymbolicLink: true } ? walk.Directory.ReadLink(walk.Name) : null;
    }

    /// <summary>Makes a symbolic link.</summary>
    /// <exception cref="FileSystemException">It cannot be made.</exception>
    public void CreateSymbolicLink(string path, string target)
    {
        using var walk = WalkToName(path);
        RequireFree(walk);
        walk.DirectoryMount.Quota?.Reserve(FolderUsage.BlockBytes);
        walk.Directory.CreateLink(walk.Name, target);
    }

    /// <summary>Gives a file a second name.</summary>
    /// <exception cref="FileSystemException">It cannot be linked.</exception>
    public void CreateHardLink(string existing, string path)
    {
        using var source = WalkToName(existing);
        using var walk = WalkToName(path);
        if (source.Entry is null)
            throw new FileSystemException(Errno.NotFound);
        if (source.Entry is { IsDirectory: true })
            throw new FileSystemException(Errno.NotPermitted);
        RequireFree(walk);
        if (source.Mount != walk.Mount)
            throw new FileSystemException(Errno.CrossDevice);
        walk.DirectoryMount.Quota?.Reserve(FolderUsage.BlockBytes);
        source.Directory.CreateHardLink(source.Name, walk.Directory, walk.Name);
    }

    /// <summary>Makes a directory.</summary>
    /// <exception cref="FileSystemException">It cannot be made.</exception>
    public void CreateDirectory(string path)
    {
        using var walk = WalkToName(path);
        RequireFree(walk);
        walk.DirectoryMount.Quota?.Reserve(FolderUsage.BlockBytes);
        walk.Directory.CreateDirectory(walk.Name);
    }

    /// <summary>Makes a directory and those above it that are missing.</summary>
    /// <exception cref="FileSystemException">One cannot be made.</exception>
    public void CreateDirectories(string path)
    {
        if (IsDirectory(path))
            return;
        for (var end = path.IndexOf('/', 1); ; end = path.IndexOf('/', end + 1))
        {
            var part = end < 0 ? path : path[..end];
            if (!IsDirectory(part))
                CreateDirectory(part);
            if (end < 0)
                return;
        }
    }

    /// <summary>Removes a file or a link.</summary>
    /// <exception cref="FileSystemException">It cannot be removed.</exception>
    public void Remove(string path)
    {
        using var walk = WalkToName(path);
        RequireRemovable(walk);
        if (walk.Entry is { IsDirectory: true })
            throw new FileSystemException(Errno.IsDirectory);
        walk.Directory.RemoveFile(walk.Name);
        walk.DirectoryMount.Quota?.NoteRemoval();
    }

    /// <summary>Removes an empty directory.</summary>
    /// <exception cref="FileSystemException">It cannot be removed.</exception>
    public void RemoveDirectory(string path)
    {
        using var walk = WalkToName(path);
        RequireRemovable(walk);
        if (mounts.HasBelow(walk.Path))
            throw new FileSystemException(Errno.Busy);
        walk.Directory.RemoveDirectory(walk.Name);
        walk.DirectoryMount.Quota?.NoteRemoval();
    }

    /// <summary>Removes an entry with all that is in it; a link as itself.</summary>
    /// <exception cref="FileSystemException">Something in it cannot be removed.</exception>
    public void RemoveAll(string path)
    {
        using (var walk = WalkToName(path))
        {
            if (walk.Entry is not { IsDirectory: true } || !(walk.IsMountPoint || mounts.HasBelow(walk.Path)))
            {
                RequireRemovable(walk);
                walk.Directory.RemoveAll(walk.Name);
                walk.DirectoryMount.Quota?.NoteRemoval();
                return;
            }
        }
        // What is mounted in it is emptied, and stays.
        foreach (var (name, _) in Enumerate(path))
            RemoveAll($"{path.TrimEnd('/')}/{name}");
        RemoveDirectory(path);
    }

    /// <summary>Renames an entry, a link as itself; what has the new name is replaced.</summary>
    /// <exception cref="FileSystemException">It cannot be renamed; <see cref="Errno.CrossDevice"/>: the two are in different mounts.</exception>
    public void Rename(string path, string newPath)
    {
        using var source = WalkToName(path);
        using var target = WalkToName(newPath);
        RequireRemovable(source);
        RequireWritable(target.DirectoryPath, target.DirectoryMount);
        if (target.IsMountPoint || mounts.HasBelow(source.Path) || mounts.HasBelow(target.Path))
            throw new FileSystemException(Errno.Busy);
        if (source.Mount != target.Mount)
            throw new FileSystemException(Errno.CrossDevice);
        if (source.Name == HostDirectory.Self || target.Name == HostDirectory.Self)
            throw new FileSystemException(Errno.Invalid);
        if (MountTable.IsBelow(target.Path, source.Path))
            throw new FileSystemException(Errno.Invalid);
        if (source.Entry is { IsDirectory: true } && target.Depth > source.Depth && target.Depth + HeightOf(source.Directory, source.Name) > PathWalk.DepthMax)
            throw new FileSystemException(Errno.NameTooLong);
        source.Directory.Rename(source.Name, target.Directory, target.Name);
        if (target.Entry is not null)
            target.DirectoryMount.Quota?.NoteRemoval();
    }

    /// <summary>Sets the permission bits of what a path leads to.</summary>
    /// <exception cref="FileSystemException">They cannot be set.</exception>
    public void SetMode(string path, UnixFileMode mode)
    {
        using var walk = WalkToFile(path);
        walk.Directory.SetMode(walk.Name, mode);
    }

    /// <summary>Sets when the content of what a path leads to changed.</summary>
    /// <exception cref="FileSystemException">It cannot be set.</exception>
    public void SetModified(string path, DateTime time)
    {
        using var walk = WalkToFile(path);
        walk.Directory.SetModified(walk.Name, time);
    }

    /// <summary>Whether the user may change what a path leads to.</summary>
    /// <exception cref="FileSystemException">It may not, or the path leads to nothing.</exception>
    public void RequireWritable(string path) => WalkToFile(path).Dispose();

    /// <summary>Returns the size of the file system that holds a volume, or the root, and what of it is free.</summary>
    public (long Size, long Free) SpaceOf(string volumePath)
    {
        var mount = mounts.TryFind(volumePath, out var found) ? found : mounts.Root;
        var folder = mount.Tree.Folder;
        var drive = new DriveInfo(Directory.Exists(folder) ? folder : Path.GetDirectoryName(folder)!);
        return (drive.TotalSize, drive.AvailableFreeSpace);
    }

    private static bool IsAtOrBelow(string path, string other) => path == other || MountTable.IsBelow(path, other);

    private static int HeightOf(TreeDirectory directory, string name)
    {
        if (directory.Find(name) is not { IsDirectory: true })
            return 0;
        using var opened = directory.OpenDirectory(name);
        return 1 + opened.Names().Select(child => HeightOf(opened, child)).DefaultIfEmpty(0).Max();
    }

    private FileEntry? Find(string path, bool followsLast)
    {
        using var walk = PathWalk.Of(mounts, path, followsLast);
        return walk.Error == Errno.None ? walk.Entry : null;
    }

    private PathWalk Walk(string path) => PathWalk.Of(mounts, path, followsLast: true);

    /// <summary>Walks to a file that is to be changed.</summary>
    private PathWalk WalkToFile(string path)
    {
        var walk = Walk(path);
        try
        {
            if (walk.Required().Entry is null)
                throw new FileSystemException(Errno.NotFound);
            RequireWritable(walk.Path, walk.Mount);
            return walk;
        }
        catch
        {
            walk.Dispose();
            throw;
        }
    }

    /// <summary>Walks to a name that is to be made, removed or changed; a link at its end is itself.</summary>
    private PathWalk WalkToName(string path)
    {
        var walk = PathWalk.Of(mounts, path.Length > 1 ? path.TrimEnd('/') is { Length: > 0 } name ? name : "/" : path, followsLast: false);
        if (walk.Error == Errno.None)
            return walk;
        walk.Dispose();
        throw new FileSystemException(walk.Error);
    }

    private void RequireFree(PathWalk walk)
    {
        if (walk.Entry is not null)
            throw new FileSystemException(Errno.Exists);
        RequireWritable(walk.DirectoryPath, walk.DirectoryMount);
    }

    private void RequireRemovable(PathWalk walk)
    {
        if (walk.Entry is null)
            throw new FileSystemException(Errno.NotFound);
        if (walk.IsMountPoint)
            throw new FileSystemException(Errno.Busy);
        if (walk.Name == HostDirectory.Self)
            throw new FileSystemException(Errno.Invalid);
        RequireWritable(walk.DirectoryPath, walk.DirectoryMount);
    }

    private void RequireWritable(string path, ContainerMount mount)
    {
        if (WriteError(path, mount) is var error and not Errno.None)
            throw new FileSystemException(error);
    }

    // An image's own files are root's; others may write into volumes and where anybody may.
    private Errno WriteError(string path, ContainerMount mount) =>
        IsReadOnly(path, mount) ? Errno.ReadOnly
        : Uid == 0 || mount.IsVolume || Array.Exists(Anybodys, folder => IsAtOrBelow(path, folder)) ? Errno.None
        : Errno.AccessDenied;

    private static bool IsReadOnly(string path, ContainerMount mount) =>
        mount.IsReadOnly && !mount.WritablePaths.Any(folder => IsAtOrBelow(path, folder));
}
