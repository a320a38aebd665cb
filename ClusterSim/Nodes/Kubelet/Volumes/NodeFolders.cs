using ClusterSim.Nodes.Files;

namespace ClusterSim.Nodes.Volumes;

/// <summary>
/// Where the nodes of one cluster keep files: one short temporary folder, removed at the end; persistent volumes elsewhere if so wished. Every path of
/// this machine that pods get files from is made here, of names that are no paths.
/// </summary>
internal sealed class NodeFolders(string? persistentVolumes, bool hostPathsAllowed) : IDisposable
{
    // The length of a DNS subdomain, the longest name of an object that has a folder.
    private const int NameLengthMax = 253;
    private const int UidLengthMax = 13;

    private readonly Lazy<TemporaryFolder> _root = new(() => TemporaryFolder.Create());

    // One for all folders: two pods may mount the same persistent volume.
    private readonly Lock _names = new();

    /// <summary>Whether pods may mount folders of this machine.</summary>
    public bool HostPathsAllowed { get; } = hostPathsAllowed;

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
    public FileTree OfPersistentVolume(string name) => FileTree.Create(Path.Combine(persistentVolumes ?? Path.Combine(_root.Value.Path, "pv"), Named(name)), _names);

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

    private string OfPod(string uid) => Path.Combine(_root.Value.Path, Named(uid.Length > UidLengthMax ? uid[..UidLengthMax] : uid));

    private static string Named(string name) =>
        IsFolderName(name) ? name : throw new ArgumentException($"'{name}' is no name of a folder: letters, digits, dashes, dots and underscores, no dot first", nameof(name));
}
