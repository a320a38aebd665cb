#pragma warning disable RS0030 // The folder Files is the only code that touches files of this machine.
namespace ClusterSim.Nodes.Files;

/// <summary>A folder of this machine whose content containers see: a container's root, a volume, the content of an image.</summary>
/// <param name="folder">The folder. Its path is the kubelet's or the user's choice, never a container's.</param>
/// <param name="names">Held while more than one name changes; one for all trees that may be the same folder.</param>
internal sealed class FileTree(string folder, Lock names)
{
    /// <summary>The folder.</summary>
    public string Folder { get; } = folder;

    /// <summary>A tree whose folder is made if it is missing.</summary>
    public static FileTree Create(string folder, Lock names)
    {
        Directory.CreateDirectory(folder);
        return new FileTree(folder, names);
    }

    /// <summary>Opens the folder.</summary>
    /// <exception cref="FileSystemException">It cannot be opened.</exception>
    public TreeDirectory Open() => new(HostDirectory.Open(Folder), Folder, names);

    /// <summary>
    /// Opens the folder that holds an entry of the tree, by names without links. The entry itself is <see cref="HostDirectory.Self"/> where it is a
    /// directory, and else its name there; so is a file in the place of the tree's folder.
    /// </summary>
    /// <exception cref="FileSystemException">The entry is not there.</exception>
    public (TreeDirectory Directory, string Name) Open(IReadOnlyList<string> path)
    {
        if (path.Count == 0 && File.Exists(Folder))
            return (new TreeDirectory(HostDirectory.Open(Path.GetDirectoryName(Folder)!), Path.GetDirectoryName(Folder)!, names), Path.GetFileName(Folder));
        var directory = Open();
        for (var i = 0; i < path.Count; i++)
        {
            if (directory.TryOpenDirectory(path[i], out var error) is { } next)
            {
                directory.Dispose();
                directory = next;
            }
            else if (i == path.Count - 1 && error == Errno.NotDirectory)
            {
                return (directory, path[i]);
            }
            else
            {
                directory.Dispose();
                throw new FileSystemException(error);
            }
        }
        return (directory, HostDirectory.Self);
    }
}
