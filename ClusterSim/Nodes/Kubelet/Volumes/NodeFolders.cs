namespace ClusterSim.Nodes.Volumes;

/// <summary>Where the nodes of one cluster keep files: one short temporary folder, removed at the end; persistent volumes elsewhere if so wished.</summary>
internal sealed class NodeFolders(string? persistentVolumes, bool hostPathsAllowed) : IDisposable
{
    private readonly Lazy<string> _root = new(() => Directory.CreateTempSubdirectory("cs-").FullName);

    /// <summary>Whether pods may mount folders of this machine.</summary>
    public bool HostPathsAllowed { get; } = hostPathsAllowed;

    /// <summary>A pod's own folder.</summary>
    public string OfPod(string uid) => Path.Combine(_root.Value, uid.Length > 13 ? uid[..13] : uid);

    /// <summary>A persistent volume's folder.</summary>
    public string OfPersistentVolume(string name) => Path.Combine(persistentVolumes ?? Path.Combine(_root.Value, "pv"), name);

    /// <summary>Removes everything that is not to outlive the cluster.</summary>
    public void Dispose()
    {
        if (_root.IsValueCreated)
            FolderRemoval.Remove(_root.Value);
    }
}
