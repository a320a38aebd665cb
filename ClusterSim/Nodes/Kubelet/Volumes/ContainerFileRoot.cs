using System.Text.Json;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Files;
using Processes;

namespace ClusterSim.Nodes.Volumes;

/// <summary>
/// What one instance of a container has of files and processes: its own folder, the image's content, and its mounts over both. Folders are made
/// when a path in them is first asked for.
/// </summary>
internal sealed class ContainerFileRoot : FileRoot
{
    // What the runtime and the kubelet mount into every container; a read-only root is not theirs.
    private static readonly string[] AlwaysWritable = ["/dev", "/etc/hosts"];

    private readonly Lock _lock = new();
    private readonly PodVolumes _volumes;
    private readonly string _container;
    private readonly IReadOnlyList<ContainerMount> _mounts;
    private readonly IReadOnlyList<(string Name, string Content)> _etc;
    private FileTree? _root;

    /// <summary>The files of a new instance of a container.</summary>
    /// <param name="volumes">The pod's volumes.</param>
    /// <param name="container">The container in the pod's spec.</param>
    /// <param name="subPaths">The sub-path of each of its mounts, in their order.</param>
    /// <param name="content">The image's own files and where it has them; null for none.</param>
    /// <param name="etc">The files that the kubelet puts into <c>/etc</c>.</param>
    /// <param name="user">The user whose process sees these files.</param>
    /// <exception cref="ContainerConfigException">A sub-path leads out of its volume.</exception>
    public ContainerFileRoot(
        PodVolumes volumes, JsonElement container, IReadOnlyList<string> subPaths, (string Path, string Folder)? content,
        IReadOnlyList<(string Name, string Content)> etc, (long Uid, long Gid) user)
    {
        _volumes = volumes;
        _etc = etc;
        _container = container.At("name").Text("");
        User = user;
        var mounts = container.At("volumeMounts").Items().Select((mount, index) => MountOf(mount, index, subPaths[index])).ToList();
        if (content is { } files)
        {
            var tree = volumes.Folders.OfImage(files.Folder);
            mounts.Add(new ContainerMount(Normal(files.Path), () => tree) { IsReadOnly = true });
        }
        _mounts = mounts;
        FileSystem = new ContainerFileSystem(new MountTable(
            new ContainerMount("/", Root) { IsReadOnly = container.At("securityContext", "readOnlyRootFilesystem").Flag(false), WritablePaths = AlwaysWritable, QuotaSource = () => volumes.Storage.OfContainer(container) }, mounts))
        {
            Uid = user.Uid,
        };
    }

    /// <summary>The files.</summary>
    public ContainerFileSystem FileSystem { get; }

    /// <summary>The user whose process sees these files.</summary>
    public (long Uid, long Gid) User { get; }

    /// <summary>The groups that user is in, the first one among them.</summary>
    public IReadOnlyList<long> Groups { get; init; } = [];

    /// <summary>The limits of the instance.</summary>
    public required ContainerCgroup Cgroup { get; init; }

    /// <summary>The processes that a process in here sees.</summary>
    public ContainerProcesses Processes { get; init; } = new();

    /// <inheritdoc/>
    public override string Resolve(string path) => FileSystem.HostPath(path);

    /// <inheritdoc/>
    public override bool IsReadOnly(string path) => FileSystem.IsReadOnly(path);

    /// <summary>Returns the beginning of a file; null where it, and so far the folder it would be in, is not there. Makes nothing.</summary>
    /// <param name="path">The file's path in the container.</param>
    /// <param name="bytesMax">How much is read.</param>
    public byte[]? ReadIfThere(string path, int bytesMax)
    {
        if (!path.StartsWith('/') || (_root is null && !_mounts.Any(mount => Normal(path) == mount.Path || MountTable.IsBelow(Normal(path), mount.Path))))
            return null;
        try
        {
            using var file = FileSystem.OpenRead(path);
            var content = new byte[bytesMax];
            return content[..file.ReadAtLeast(content, bytesMax, throwOnEndOfStream: false)];
        }
        catch (FileSystemException)
        {
            return null;
        }
    }

    private static string Normal(string path)
    {
        var full = Path.GetFullPath(path, "/");
        return full.Length > 1 ? full.TrimEnd('/') : full;
    }

    private ContainerMount MountOf(JsonElement mount, int index, string subPath)
    {
        var name = mount.At("name").Text("");
        var path = Normal(mount.At("mountPath").Text("/"));
        var isReadOnly = mount.At("readOnly").Flag(false) || _volumes.IsReadOnly(name);
        if (subPath.Length == 0)
            return new ContainerMount(path, () => OpenVolume(name)) { IsVolume = true, IsReadOnly = isReadOnly, Shared = () => _volumes.Share(name), QuotaSource = () => QuotaOf(name) };
        try
        {
            var volume = OpenVolume(name);
            var names = VolumeSubPath.Resolve(volume, subPath);
            if (!_volumes.IsMadeOfObjects(name))
                return new ContainerMount(path, () => OpenVolume(name)) { IsVolume = true, IsReadOnly = isReadOnly, SubPath = names, QuotaSource = () => QuotaOf(name) };
            // What is mounted from within a ConfigMap, Secret or projection is what is there now; a later version comes only to the next instance.
            var pinned = Pin(volume, names, index);
            return new ContainerMount(path, () => pinned) { IsVolume = true, IsReadOnly = isReadOnly, SubPath = [$"{index}"] };
        }
        catch (FileSystemException)
        {
            throw new ContainerConfigException($"failed to prepare subPath for volumeMount \"{name}\" of container \"{_container}\"");
        }
    }

    /// <summary>Opens a volume. What it is made of may be gone by now: then its files fail, as those of a device that is gone.</summary>
    /// <exception cref="FileSystemException">It cannot be opened.</exception>
    private FileTree OpenVolume(string name)
    {
        try
        {
            return _volumes.Open(name);
        }
        catch (Exception ex) when (ex is VolumeException or KubernetesApiException)
        {
            throw new FileSystemException(Errno.InputOutput);
        }
    }

    private DiskQuota? QuotaOf(string name)
    {
        try
        {
            return _volumes.QuotaOf(name);
        }
        catch (VolumeException)
        {
            throw new FileSystemException(Errno.InputOutput);
        }
    }

    private FileTree Pin(FileTree volume, IReadOnlyList<string> names, int index)
    {
        var pinned = _volumes.Folders.OfSubPaths(_volumes.Uid, _container);
        using var target = pinned.Open();
        target.RemoveAll($"{index}");
        var (source, name) = volume.Open(names);
        using (source)
            source.CopyAll(name, target, $"{index}");
        return pinned;
    }

    /// <summary>The container's own folder, with what the runtime and the kubelet put there.</summary>
    private FileTree Root()
    {
        lock (_lock)
        {
            if (_root is not null)
                return _root;
            var tree = _volumes.Folders.OfContainer(_volumes.Uid, _container);
            using var root = tree.Open();
            foreach (var mount in _mounts)
                MakeDirectories(root, mount.Path.Split('/', StringSplitOptions.RemoveEmptyEntries));
            MakeDirectories(root, ["tmp"]);
            MakeDirectories(root, ["dev"]);
            MakeDirectories(root, ["etc"]);
            using var etc = root.OpenDirectory("etc");
            foreach (var (name, content) in _etc)
            {
                // The last instance may have left anything in its place.
                etc.RemoveAll(name);
                using var file = etc.OpenFile(name, FileMode.CreateNew, FileAccess.Write);
                file.Write(System.Text.Encoding.UTF8.GetBytes(content));
            }
            return _root = tree;
        }
    }

    /// <summary>Makes directories in one another; what else has the name of one, left by the last instance, is removed.</summary>
    private static void MakeDirectories(TreeDirectory directory, ReadOnlySpan<string> names)
    {
        if (names.Length == 0)
            return;
        if (directory.Find(names[0]) is not { IsDirectory: true })
        {
            directory.RemoveAll(names[0]);
            directory.CreateDirectory(names[0]);
        }
        using var next = directory.OpenDirectory(names[0]);
        MakeDirectories(next, names[1..]);
    }
}
