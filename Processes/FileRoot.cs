namespace Processes;

/// <summary>
/// A file system root. A pod's volumes are folders of the machine; <see cref="Resolve"/> says where an absolute path of the pod's lies on it.
/// </summary>
public abstract class FileRoot
{
    /// <summary>The machine's own root: every path is itself.</summary>
    public static FileRoot OfThisMachine { get; } = new MachineRoot();

    /// <summary>The machine's path for <paramref name="path"/>, an absolute path as the process knows it (symbolic links included).</summary>
    /// <exception cref="ArgumentException">The path is not absolute.</exception>
    public abstract string Resolve(string path);

    /// <summary>Whether the process may not write at <paramref name="path"/>: a read-only mount or root. The permission bits decide besides.</summary>
    public virtual bool IsReadOnly(string path) => false;

    private sealed class MachineRoot : FileRoot
    {
        public override string Resolve(string path) =>
            Path.IsPathRooted(path) ? path : throw new ArgumentException($"'{path}' is not an absolute path", nameof(path));
    }
}
