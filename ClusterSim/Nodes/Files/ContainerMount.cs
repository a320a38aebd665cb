namespace ClusterSim.Nodes.Files;

/// <summary>What a container has at one path: its own root, a volume or a part of one, the content of its image.</summary>
/// <param name="path">The path in the container, without dots and without a slash at its end.</param>
/// <param name="tree">The files. They may be written when they are first asked for.</param>
internal sealed class ContainerMount(string path, Func<FileTree> tree)
{
    /// <summary>The path in the container.</summary>
    public string Path { get; } = path;

    /// <summary>Which entry of the tree is mounted, by names without links; empty for all of it.</summary>
    public IReadOnlyList<string> SubPath { get; init; } = [];

    /// <summary>Whether nothing in it can be changed.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>The paths in the container that can be changed all the same: what the runtime and the kubelet mount there.</summary>
    public IReadOnlyList<string> WritablePaths { get; init; } = [];

    /// <summary>Whether the pod's spec mounts it, so that it is the container's user's to write to.</summary>
    public bool IsVolume { get; init; }

    /// <summary>Returns the space that programs may use in it; null where that is not counted.</summary>
    public Func<DiskQuota?>? QuotaSource { get; init; }

    /// <summary>The space that programs may use in it; null where that is not counted.</summary>
    public DiskQuota? Quota => QuotaSource?.Invoke();

    /// <summary>Called when a real program is given the path of a file in it.</summary>
    public Action? Shared { get; init; }

    /// <summary>The files.</summary>
    public FileTree Tree => tree();

    /// <summary>Opens what is mounted: see <see cref="FileTree.Open(IReadOnlyList{string})"/>.</summary>
    /// <exception cref="FileSystemException">It is not there.</exception>
    public (TreeDirectory Directory, string Name) Open() => Tree.Open(SubPath);
}
