using System.Collections.Concurrent;
using ClusterSim.Nodes.Files;

namespace ClusterSim.Nodes.Volumes;

/// <summary>
/// Where the nodes of one cluster keep files: one short temporary folder, removed at the end; persistent volumes elsewhere if so wished. Every path of
/// this machine that pods get files from is made here, of names that are no paths.
/// </summary>
internal sealed class NodeFolders : IDisposable
{
    // The length of a DNS subdomain, the longest name of an object that has a folder.
    private const int NameLengthMax = 253;
    private const int UidLengthMax = 13;

    private readonly Lazy<TemporaryFolder> _root = new(() => TemporaryFolder.Create());
    private readonly string? _persistentVolumes;
    private readonly ProgramLimits _limits;
    private readonly FreeSpace _freeSpace;
    private readonly ConcurrentDictionary<string, DiskQuota> _ofPersistentVolumes = new(StringComparer.Ordinal);

    // One for all folders: two pods may mount the same persistent volume.
    private readonly Lock _names = new();

    /// <summary>The folders of a cluster's nodes.</summary>
    /// <param name="persistentVolumes">The folder of persistent volumes; null: with the other files.</param>
    /// <param name="hostPathsAllowed">Whether pods may mount folders of this machine.</param>
    /// <param name="limits">What programs may use.</param>
    public NodeFolders(string? persistentVolumes, bool hostPathsAllowed, ProgramLimits limits)
    {
        (_persistentVolumes, HostPathsAllowed, _limits) = (persistentVolumes, hostPathsAllowed, limits);
        _freeSpace = new FreeSpace(() => _root.Value.Path, limits.FreeStorageBytesMin);
    }

    /// <summary>Whether pods may mount folders of this machine.</summary>
    public bool HostPathsAllowed { get; }

    /// <summary>Whether a name can be that of a folder: letters, digits, dashes, dots and underscores, no dot first.</summary>
    public static bool IsFolderName(string name) =>
        name.Length is > 0 and <= NameLengthMax && name[0] != '.' && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '.' or '_');

    /// <summary>The files of one container of a pod.</summary>
    public FileTree OfContainer(string uid, string container) => FileTree.Create(Path.Combine(OfPod(uid), "c", Named(container)), _names);

    /// <summary>The files of a volume of a pod.</summary>
    public FileTree OfVolume(string uid, string volume) => FileTree.Create(Path.Combine(OfPod(uid), "v", Named(volume)), _names);

    /// <summary>The files that are mounted into a container from within volumes and stay as they are while it runs.</summary>
    public FileTree OfSubPaths(string uid, string container) => FileTree.Create(Path.Combine(OfPod(uid), "s", Named(container)), _names);

    /// <summary>The files of a persistent volume.</summary>
    public FileTree OfPersistentVolume(string name) => FileTree.Create(PathOfPersistentVolume(name), _names);

    /// <summary>The space of a persistent volume, whichever pods mount it.</summary>
    /// <param name="name">The volume.</param>
    /// <param name="capacity">Its capacity; null for none.</param>
    public DiskQuota QuotaOfPersistentVolume(string name, long? capacity) => _ofPersistentVolumes.GetOrAdd(name, _ =>
    {
        var folder = PathOfPersistentVolume(name);
        return new DiskQuota(null, () => FolderUsage.Of(folder))
        {
            BytesMax = Math.Min(capacity ?? long.MaxValue, _limits.VolumeStorageBytesMax),
            Free = new FreeSpace(() => folder, _limits.FreeStorageBytesMin),
        };
    });

    /// <summary>The space of a pod: its containers and its volumes, persistent ones apart.</summary>
    /// <param name="uid">The pod.</param>
    /// <param name="limit">What it may use; null: as much as any pod.</param>
    /// <param name="exceeded">Called when it may use more.</param>
    /// <param name="others">What else it uses: logs.</param>
    public DiskQuota QuotaOfPod(string uid, long? limit, Action exceeded, Func<long> others)
    {
        var bytesMax = Math.Min(limit ?? long.MaxValue, _limits.PodStorageBytesMax);
        return new DiskQuota(null, () => FolderUsage.Of(OfPod(uid)) + others()) { BytesMax = bytesMax + DiskQuota.Slack, Limit = bytesMax, Free = _freeSpace, Exceeded = exceeded };
    }

    /// <summary>The space of a container's own files, or of a volume of a pod.</summary>
    /// <param name="uid">The pod.</param>
    /// <param name="pod">The space of the pod; null for a volume in memory, which is none of its.</param>
    /// <param name="folder">The kind of folder and its name.</param>
    /// <param name="limit">What it may use.</param>
    /// <param name="exceeded">Called when it may use more.</param>
    /// <param name="others">What else it uses: the container's log.</param>
    public DiskQuota QuotaOf(string uid, DiskQuota? pod, (char Kind, string Name) folder, long? limit, Action exceeded, Func<long> others)
    {
        return new DiskQuota(pod, () => FolderUsage.Of(Path.Combine(OfPod(uid), folder.Kind.ToString(), Named(folder.Name))) + others())
        {
            BytesMax = pod is null ? limit ?? _limits.PodStorageBytesMax : (limit ?? _limits.PodStorageBytesMax) + DiskQuota.Slack,
            Limit = limit,
            Free = pod is null ? _freeSpace : null,
            Exceeded = exceeded,
        };
    }

    /// <summary>A folder, or a file, of this machine.</summary>
    /// <exception cref="InvalidOperationException">Pods may mount none.</exception>
    public FileTree OfHost(string path) =>
        HostPathsAllowed ? new FileTree(Path.GetFullPath(path), _names) : throw new InvalidOperationException($"hostPath {path}: pods may mount nothing of this machine");

    /// <summary>The content of an image.</summary>
    public FileTree OfImage(string folder) => new(folder, _names);

    /// <summary>Removes the files of a pod; persistent volumes stay.</summary>
    public void RemovePod(string uid) => FolderRemoval.Remove(OfPod(uid));

    /// <summary>Removes everything that is not to outlive the cluster.</summary>
    public void Dispose()
    {
        if (_root.IsValueCreated)
            _root.Value.Dispose();
    }

    private string PathOfPersistentVolume(string name) => Path.Combine(_persistentVolumes ?? Path.Combine(_root.Value.Path, "pv"), Named(name));

    private string OfPod(string uid) => Path.Combine(_root.Value.Path, Named(uid.Length > UidLengthMax ? uid[..UidLengthMax] : uid));

    private static string Named(string name) =>
        IsFolderName(name) ? name : throw new ArgumentException($"'{name}' is no name of a folder: letters, digits, dashes, dots and underscores, no dot first", nameof(name));
}
