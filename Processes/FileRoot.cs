namespace Processes;

/// <summary>
/// A file system root. A pod's volumes are folders of the machine; <see cref="Resolve"/> says where an absolute path of the pod's lies on it.
/// </summary>
public abstract class FileRoot
{
    /// <summary>The machine's own root: every path is itself.</summary>
    public static FileRoot OfThisMachine { get; } = new MachineRoot();

    /// <summary>
    /// The machine's path for <paramref name="path"/>, an absolute path as the process knows it. In a pod, symbolic links are followed within the
    /// pod's files, the last one too, so the path has none and stays in the pod's folders. Resolve a path anew for each use: when a ConfigMap,
    /// Secret or projection changes, its files have other paths.
    /// </summary>
    /// <exception cref="ArgumentException">The path is not absolute.</exception>
    /// <exception cref="IOException">The path leads nowhere: through too many links, or one that the process itself made on the machine.</exception>
    public abstract string Resolve(string path);

    /// <summary>Whether the process may not write at <paramref name="path"/>: a read-only mount or root. The permission bits decide besides.</summary>
    public virtual bool IsReadOnly(string path) => false;

    private sealed class MachineRoot : FileRoot
    {
        public override string Resolve(string path) =>
            Path.IsPathRooted(path) ? path : throw new ArgumentException($"'{path}' is not an absolute path", nameof(path));
    }
}
