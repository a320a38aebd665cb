using System.Text.Json;
using ClusterSim.Nodes.Containers;
using Processes;

namespace ClusterSim.Nodes.Volumes;

/// <summary>
/// A container's file system: its own folder, the image's content, and its mounts over both, the longest path first. Folders come into
/// being when a path in them is asked for.
/// </summary>
internal sealed class ContainerFileRoot : FileRoot
{
    private static readonly string[] Anybodys = ["/tmp", "/var/tmp", "/dev"];

    // What the runtime and the kubelet mount into every container; a read-only root is not theirs.
    private static readonly string[] AlwaysWritable = ["/dev", "/etc/hosts"];

    private readonly Lock _lock = new();
    private readonly string _root;
    private readonly PodVolumes _volumes;
    private readonly IReadOnlyList<Mount> _mounts;
    private readonly (string Path, string Folder)? _content;
    private readonly bool _isReadOnly;
    private readonly IReadOnlyList<(string Name, string Content)> _etc;
    private bool _made;

    /// <summary>The root of one container.</summary>
    /// <param name="volumes">The pod's volumes.</param>
    /// <param name="container">The container in the pod's spec.</param>
    /// <param name="subPaths">The sub-path of each of its mounts, in their order.</param>
    /// <param name="content">The image's own files and where it has them; null for none.</param>
    /// <param name="etc">The files that the kubelet puts into <c>/etc</c>.</param>
    public ContainerFileRoot(
        PodVolumes volumes, JsonElement container, IReadOnlyList<string> subPaths, (string Path, string Folder)? content, IReadOnlyList<(string Name, string Content)> etc)
    {
        _volumes = volumes;
        _content = content;
        _etc = etc;
        _root = Path.Combine(volumes.Folder, "c", container.At("name").Text(""));
        _isReadOnly = container.At("securityContext", "readOnlyRootFilesystem").Flag(false);
        _mounts = [.. container.At("volumeMounts").Items()
            .Select((mount, index) => new Mount(
                index, Normal(mount.At("mountPath").Text("/")), mount.At("name").Text(""), subPaths[index],
                mount.At("readOnly").Flag(false) || volumes.IsReadOnly(mount.At("name").Text(""))))
            .OrderByDescending(mount => mount.Path.Length)];
    }

    /// <summary>The user whose process sees these files.</summary>
    public (long Uid, long Gid) User { get; init; }

    /// <summary>The groups that user is in, the first one among them.</summary>
    public IReadOnlyList<long> Groups { get; init; } = [];

    /// <summary>The processes that a process in here sees.</summary>
    public ContainerProcesses Processes { get; init; } = new();

    /// <summary>
    /// Whether the user may make and change files at <paramref name="path"/>, a read-only root apart: an image's own files are root's, and others may
    /// write into mounts and where anybody may.
    /// </summary>
    public bool IsWritableByUser(string path)
    {
        path = Normal(path);
        return User.Uid == 0 || Mounts.Any(mount => Inside(path, mount) is not null) || Array.Exists(Anybodys, folder => Inside(path, folder) is not null);
    }

    /// <summary>Where something is mounted, the longest paths first.</summary>
    public IEnumerable<string> Mounts => _mounts.Select(mount => mount.Path);

    /// <inheritdoc/>
    public override string Resolve(string path)
    {
        if (!Path.IsPathRooted(path))
            throw new ArgumentException($"'{path}' is not an absolute path", nameof(path));
        path = Normal(path);
        foreach (var mount in _mounts)
            if (Inside(path, mount.Path) is { } rest)
                return Below(Opened(mount), rest);
        if (_content is { } content && Inside(path, content.Path) is { } own)
            return Below(content.Folder, own);
        Make();
        return Below(_root, path[1..]);
    }

    /// <inheritdoc/>
    public override bool IsReadOnly(string path)
    {
        path = Normal(path);
        foreach (var mount in _mounts)
            if (Inside(path, mount.Path) is not null)
                return mount.IsReadOnly;
        if (Array.Exists(AlwaysWritable, folder => Inside(path, folder) is not null))
            return false;
        return _isReadOnly || (_content is { } content && Inside(path, content.Path) is not null);
    }

    /// <summary>The content of a file; null where it, and so far the folder it would be in, is not there. Makes nothing.</summary>
    public string? ReadIfThere(string path)
    {
        var inMount = _mounts.Any(mount => Inside(Normal(path), mount.Path) is not null);
        if (!_made && !inMount)
            return null;
        var file = Resolve(path);
        return File.Exists(file) ? File.ReadAllText(file) : null;
    }

    /// <summary>
    /// Sets up what is fixed when the container starts: a file or folder mounted from within a ConfigMap, Secret or projection is the one that is
    /// there now; later versions of it come only to a container that is started anew.
    /// </summary>
    public void Prepare()
    {
        foreach (var mount in _mounts.Where(mount => mount.SubPath.Length > 0 && _volumes.IsMadeOfObjects(mount.Volume)))
        {
            var pinned = PinnedAt(mount);
            if (Directory.Exists(pinned))
                Directory.Delete(pinned, recursive: true);
            File.Delete(pinned);
            Copy(Within(_volumes.Open(mount.Volume), mount.SubPath), pinned);
        }
    }

    private string Opened(Mount mount)
    {
        if (mount.SubPath.Length > 0 && _volumes.IsMadeOfObjects(mount.Volume))
            return PinnedAt(mount);
        var folder = _volumes.Open(mount.Volume);
        return mount.SubPath.Length == 0 ? folder : Within(folder, mount.SubPath);
    }

    private string PinnedAt(Mount mount) => Path.Combine(Directory.CreateDirectory(Path.Combine(_volumes.Folder, "s", Path.GetFileName(_root))).FullName, $"{mount.Index}");

    private static string Within(string folder, string subPath)
    {
        var sub = Path.Combine(folder, subPath);
        if (!Path.Exists(sub))
            Directory.CreateDirectory(sub);
        return sub;
    }

    private static void Copy(string from, string to)
    {
        if (!Directory.Exists(from))
        {
            File.Copy(from, to);
            return;
        }
        Directory.CreateDirectory(to);
        foreach (var entry in Directory.EnumerateFileSystemEntries(from))
            Copy(entry, Path.Combine(to, Path.GetFileName(entry)));
    }

    private void Make()
    {
        lock (_lock)
        {
            if (_made)
                return;
            _made = true;
            Directory.CreateDirectory(Path.Combine(_root, "tmp"));
            Directory.CreateDirectory(Path.Combine(_root, "dev"));
            var etc = Directory.CreateDirectory(Path.Combine(_root, "etc")).FullName;
            foreach (var (name, content) in _etc)
                File.WriteAllText(Path.Combine(etc, name), content);
            foreach (var mount in _mounts)
                if (!Path.Exists(Below(_root, mount.Path[1..])))
                    Directory.CreateDirectory(Below(_root, mount.Path[1..]));
        }
    }

    private static string Normal(string path)
    {
        var full = Path.GetFullPath(path);
        return full.Length > 1 ? full.TrimEnd('/') : full;
    }

    private static string? Inside(string path, string of)
    {
        if (of == "/")
            return path[1..];
        if (!path.StartsWith(of, StringComparison.Ordinal))
            return null;
        return path.Length == of.Length ? "" : path[of.Length] == '/' ? path[(of.Length + 1)..] : null;
    }

    private static string Below(string folder, string rest) => rest.Length == 0 ? folder : Path.Combine(folder, rest);

    private sealed record Mount(int Index, string Path, string Volume, string SubPath, bool IsReadOnly);
}
