namespace ClusterSim.Nodes.Files;

/// <summary>
/// Walks a path of a container (<c>path_resolution(7)</c>): from one open directory to the next, through links, which are data, and through mounts.
/// It begins at the container's root, and <c>..</c> and absolute links lead no higher. The directories stay open until the walk is disposed, so that
/// what is done to the entry at its end is done there, whatever is renamed meanwhile.
/// </summary>
internal sealed class PathWalk : IDisposable
{
    /// <summary>How many directories may be in one another.</summary>
    public const int DepthMax = 256;

    // MAXSYMLINKS and PATH_MAX of Linux.
    private const int LinksMax = 40;
    private const int PathLengthMax = 4096;

    private readonly MountTable _mounts;
    private readonly List<Step> _steps = [];
    private readonly Stack<string> _rest = new();
    private TreeDirectory? _ofMountedFile;
    private int _links;

    private PathWalk(MountTable mounts)
    {
        _mounts = mounts;
    }

    /// <summary>Why the walk did not come to its end; the last entry need not be there for that.</summary>
    public Errno Error { get; private set; }

    /// <summary>The open directory that holds the entry, or is the entry itself.</summary>
    public TreeDirectory Directory => _ofMountedFile ?? _steps[^1].Directory;

    /// <summary>The path of the directory that holds the entry, in the container, without links.</summary>
    public string DirectoryPath => _steps[^1].Path;

    /// <summary>The entry's name in <see cref="Directory"/>; <see cref="HostDirectory.Self"/> for that directory itself.</summary>
    public string Name { get; private set; } = HostDirectory.Self;

    /// <summary>The entry's path in the container, without links.</summary>
    public string Path { get; private set; } = "/";

    /// <summary>What is known of the entry; null where it is not there.</summary>
    public FileEntry? Entry { get; private set; }

    /// <summary>The mount that holds the entry.</summary>
    public ContainerMount Mount { get; private set; } = null!;

    /// <summary>The mount that holds the directory of the entry.</summary>
    public ContainerMount DirectoryMount => _steps[^1].Mount;

    /// <summary>How many directories the entry is in.</summary>
    public int Depth => _steps.Count;

    /// <summary>Whether something is mounted at the entry, so that it can neither be removed nor renamed.</summary>
    public bool IsMountPoint => _ofMountedFile is not null || Path == "/" || (Name == HostDirectory.Self && _mounts.TryFind(Path, out _));

    /// <summary>Walks a path.</summary>
    /// <param name="mounts">The container's mounts.</param>
    /// <param name="path">The path, from the root.</param>
    /// <param name="followsLast">Whether a link at the end is followed.</param>
    /// <param name="takesMissing">Whether directories on the way may be missing.</param>
    public static PathWalk Of(MountTable mounts, string path, bool followsLast, bool takesMissing = false)
    {
        if (!path.StartsWith('/'))
            throw new ArgumentException($"'{path}' is not an absolute path", nameof(path));
        var walk = new PathWalk(mounts);
        try
        {
            walk.Error = walk.Run(path, followsLast, takesMissing);
            return walk;
        }
        catch (FileSystemException ex)
        {
            walk.Error = ex.Error;
            return walk;
        }
        catch
        {
            walk.Dispose();
            throw;
        }
    }

    /// <summary>Returns this walk, which came to its end.</summary>
    /// <exception cref="FileSystemException">It did not.</exception>
    public PathWalk Required() => Error == Errno.None ? this : throw new FileSystemException(Error);

    /// <inheritdoc/>
    public void Dispose()
    {
        _ofMountedFile?.Dispose();
        for (var i = _steps.Count - 1; i >= 0; i--)
            _steps[i].Directory.Dispose();
    }

    private Errno Run(string path, bool followsLast, bool takesMissing)
    {
        var (root, _) = _mounts.Root.Open();
        _steps.Add(new Step(root, "/", _mounts.Root));
        Mount = _mounts.Root;
        if (path.Length > PathLengthMax)
            return Errno.NameTooLong;
        Add(path);
        while (_rest.TryPop(out var name))
        {
            if (name.Length == 0 || name == HostDirectory.Self)
                continue;
            if (name == "..")
            {
                if (_steps.Count > 1)
                    Leave();
                continue;
            }
            var (directory, of, _) = _steps[^1];
            var next = of.Length == 1 ? "/" + name : $"{of}/{name}";
            var isLast = _rest.Count == 0;
            if (_mounts.TryFind(next, out var mount))
            {
                var (mounted, file) = mount.Open();
                if (file == HostDirectory.Self)
                {
                    if (Enter(mounted, next, mount) is var deep and not Errno.None)
                        return deep;
                    continue;
                }
                _ofMountedFile = mounted;
                (Name, Path, Mount, Entry) = (file, next, mount, mounted.Find(file));
                return isLast ? Errno.None : Errno.NotDirectory;
            }
            if (isLast)
            {
                var entry = directory.Find(name);
                if (entry is { IsSymbolicLink: true } && followsLast && directory.ReadLink(name) is { } end)
                {
                    if (Follow(end) is var looped and not Errno.None)
                        return looped;
                    continue;
                }
                if (entry is not null || !_mounts.HasBelow(next))
                {
                    (Name, Path, Mount, Entry) = (name, next, _steps[^1].Mount, entry);
                    return Errno.None;
                }
            }
            if (EnterNext(directory, name, next, takesMissing) is var error and not Errno.None)
                return error;
        }
        (Path, Mount) = (_steps[^1].Path, _steps[^1].Mount);
        Entry = _steps[^1].Directory.Find(HostDirectory.Self);
        return Errno.None;
    }

    /// <summary>Goes into a directory, or where a link leads.</summary>
    private Errno EnterNext(TreeDirectory directory, string name, string path, bool takesMissing)
    {
        if (directory.TryOpenDirectory(name, out var error) is { } opened)
            return Enter(opened, path, _steps[^1].Mount);
        if (error == Errno.NotFound && directory.ReadLink(name) is { } target)
            return Follow(target);
        return (error == Errno.NotFound && _mounts.HasBelow(path)) || (takesMissing && error is Errno.NotFound or Errno.NotDirectory)
            ? Enter(directory.Missing(name), path, _steps[^1].Mount)
            : error;
    }

    private Errno Enter(TreeDirectory directory, string path, ContainerMount mount)
    {
        _steps.Add(new Step(directory, path, mount));
        return _steps.Count <= DepthMax ? Errno.None : Errno.NameTooLong;
    }

    private Errno Follow(string target)
    {
        if (++_links > LinksMax)
            return Errno.TooManyLinks;
        while (target.StartsWith('/') && _steps.Count > 1)
            Leave();
        Add(target);
        return Errno.None;
    }

    private void Leave()
    {
        _steps[^1].Directory.Dispose();
        _steps.RemoveAt(_steps.Count - 1);
    }

    private void Add(string path)
    {
        var names = path.Split('/');
        // A slash at the end asks for a directory.
        if (names.Length > 1 && names[^1].Length == 0)
            names[^1] = HostDirectory.Self;
        for (var i = names.Length - 1; i >= 0; i--)
            if (names[i].Length > 0)
                _rest.Push(names[i]);
    }

    private readonly record struct Step(TreeDirectory Directory, string Path, ContainerMount Mount);
}
