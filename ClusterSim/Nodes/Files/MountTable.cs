using System.Diagnostics.CodeAnalysis;

namespace ClusterSim.Nodes.Files;

/// <summary>The mounts of a container by path.</summary>
internal sealed class MountTable
{
    private readonly Dictionary<string, ContainerMount> _mounts = new(StringComparer.Ordinal);

    /// <summary>A table.</summary>
    /// <param name="root">The container's own files.</param>
    /// <param name="others">What is mounted over them; of two with the same path, the first.</param>
    public MountTable(ContainerMount root, IEnumerable<ContainerMount> others)
    {
        foreach (var mount in others)
            _mounts.TryAdd(mount.Path, mount);
        _mounts.TryAdd(root.Path, root);
        Root = _mounts[root.Path];
    }

    /// <summary>What the container has at <c>/</c>.</summary>
    public ContainerMount Root { get; }

    /// <summary>The paths of the volumes, the longest first.</summary>
    public IEnumerable<string> VolumePaths => _mounts.Values.Where(mount => mount.IsVolume).Select(mount => mount.Path).OrderByDescending(path => path.Length);

    /// <summary>Finds what is mounted at a path, <c>/</c> apart.</summary>
    public bool TryFind(string path, [NotNullWhen(true)] out ContainerMount? mount) => _mounts.TryGetValue(path, out mount);

    /// <summary>Whether something is mounted below a path.</summary>
    public bool HasBelow(string path)
    {
        foreach (var mount in _mounts.Keys)
            if (IsBelow(mount, path))
                return true;
        return false;
    }

    /// <summary>Returns the names that a directory has because something is mounted in it or below.</summary>
    public IEnumerable<string> NamesIn(string path)
    {
        var start = path == "/" ? 1 : path.Length + 1;
        return _mounts.Keys.Where(mount => IsBelow(mount, path)).Select(mount => mount[start..].Split('/')[0]);
    }

    /// <summary>Whether a path is below another one.</summary>
    public static bool IsBelow(string path, string other) =>
        other == "/" ? path.Length > 1 : path.Length > other.Length && path[other.Length] == '/' && path.StartsWith(other, StringComparison.Ordinal);
}
