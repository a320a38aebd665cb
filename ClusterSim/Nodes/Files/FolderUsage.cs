namespace ClusterSim.Nodes.Files;

/// <summary>Measures folders of this machine, as <c>du</c> does: whole blocks, a file with several names once, links as themselves.</summary>
internal static class FolderUsage
{
    /// <summary>The space that a file or directory takes at least.</summary>
    public const long BlockBytes = 4096;

    /// <summary>Returns the space that is used below folders; those that are missing use none.</summary>
    public static long Of(params ReadOnlySpan<string> folders)
    {
        var seen = new HashSet<ulong>();
        var sum = 0L;
        foreach (var folder in folders)
            try
            {
                using var directory = HostDirectory.Open(folder);
                sum += Of(directory, seen);
            }
            catch (FileSystemException)
            {
                // It is not there, or was removed meanwhile.
            }
        return sum;
    }

    /// <summary>Returns a size in whole blocks.</summary>
    public static long InBlocks(long bytes) => (bytes + BlockBytes - 1) / BlockBytes * BlockBytes;

    private static long Of(HostDirectory directory, HashSet<ulong> seen)
    {
        var sum = BlockBytes;
        foreach (var name in directory.Names())
        {
            if (directory.Find(name) is not { } entry)
                continue;
            if (entry.IsDirectory && directory.TryOpenDirectory(name, out _) is { } child)
                using (child)
                    sum += Of(child, seen);
            else if (entry.Inode == 0 || seen.Add(entry.Inode))
                sum += Math.Max(BlockBytes, InBlocks(entry.Length));
        }
        return sum;
    }
}
