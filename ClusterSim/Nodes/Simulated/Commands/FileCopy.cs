using ClusterSim.Nodes.Files;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>Copies files within a container, as <c>cp</c> does.</summary>
internal static class FileCopy
{
    /// <summary>Copies the file that a path leads to. Where the other path leads to a file, its content is replaced.</summary>
    /// <exception cref="FileSystemException">It cannot be copied.</exception>
    public static void CopyFile(ContainerFileSystem files, string from, string to)
    {
        var entry = files.Stat(from) ?? throw new FileSystemException(Errno.NotFound);
        var replaced = files.Stat(to);
        if (replaced is { } same && (same.IsSameFile(entry) || files.RealPath(from) == files.RealPath(to)))
            throw new IOException($"'{from}' and '{to}' are the same file");
        using (var source = files.OpenRead(from))
        using (var target = files.OpenWrite(to, FileMode.Create))
            source.CopyTo(target);
        if (replaced is null)
            files.SetMode(to, entry.Mode);
    }

    /// <summary>Copies an entry with all that is in it; links in it as themselves.</summary>
    /// <exception cref="FileSystemException">Something cannot be copied.</exception>
    public static void CopyAll(ContainerFileSystem files, string from, string to) => CopyAll(files, from, to, []);

    private static void CopyAll(ContainerFileSystem files, string from, string to, List<ulong> made)
    {
        if (files.ReadLink(from) is { } link)
        {
            if (files.LStat(to) is { IsDirectory: false })
                files.Remove(to);
            files.CreateSymbolicLink(to, link);
            return;
        }
        if (files.Stat(from) is not { IsDirectory: true } entry)
        {
            CopyFile(files, from, to);
            return;
        }
        // A folder may be copied into itself, but not what that makes (busybox: recursion detected).
        if (made.Contains(entry.Inode))
            return;
        var children = files.Enumerate(from);
        var isNew = !files.IsDirectory(to);
        if (isNew)
            files.CreateDirectory(to);
        if (files.Stat(to) is { Inode: > 0 } target)
            made.Add(target.Inode);
        foreach (var (name, _) in children)
            CopyAll(files, $"{from.TrimEnd('/')}/{name}", $"{to.TrimEnd('/')}/{name}", made);
        if (isNew)
            files.SetMode(to, entry.Mode);
    }
}
