#pragma warning disable RS0030 // The folder Files is the only code that touches files of this machine.
namespace ClusterSim.Nodes.Files;

/// <summary>Removes folders in which others may still write or remove: programs that were killed end when they notice.</summary>
internal static class FolderRemoval
{
    private const int TriesMax = 100;
    private const UnixFileMode All = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Removes a folder with all in it; nothing happens where there is none. Links are removed, not followed; paths may be of any length.</summary>
    /// <exception cref="IOException">Something in it cannot be removed.</exception>
    public static void Remove(string folder) => Remove(folder, last: null);

    /// <summary>Removes a folder as <see cref="Remove(string)"/> does, and one entry of it after all others.</summary>
    /// <exception cref="IOException">Something in it cannot be removed.</exception>
    public static void Remove(string folder, string? last)
    {
        for (var tries = 1; Directory.Exists(folder); tries++)
        {
            try
            {
                using var parent = HostDirectory.Open(Path.GetDirectoryName(folder)!);
                RemoveAll(parent, Path.GetFileName(folder), last);
            }
            catch (FileSystemException ex) when (tries < TriesMax || ex.Error == Errno.NotFound)
            {
                // Something in it came or went meanwhile; each try leaves less.
            }
        }
    }

    private static void RemoveAll(HostDirectory parent, string name, string? last = null)
    {
        if (parent.Find(name) is not { } entry)
            return;
        if (!entry.IsDirectory)
        {
            parent.RemoveFile(name);
            return;
        }
        if ((entry.Mode & All) != All)
            parent.SetMode(name, entry.Mode | All); // a program's chmod does not keep it
        using (var directory = parent.TryOpenDirectory(name, out var error) ?? throw new FileSystemException(error))
            foreach (var child in directory.Names().OrderBy(child => child == last))
                RemoveAll(directory, child);
        parent.RemoveDirectory(name);
    }
}
