namespace ClusterSim.Nodes.Files;

/// <summary>The type of a file.</summary>
internal enum FileKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A symbolic link: data of the container's file system, never a link of this machine.</summary>
    SymbolicLink,

    /// <summary>Anything else, a link of this machine included: it is listed and removed, never opened or followed.</summary>
    Other,
}

/// <summary>What is known of a file without opening it.</summary>
/// <param name="Kind">Its type.</param>
/// <param name="Mode">Its permission bits.</param>
/// <param name="Length">Its size in bytes.</param>
/// <param name="Modified">When its content changed, in UTC.</param>
/// <param name="Inode">What two names of one file have in common; 0 where that is not known.</param>
internal readonly record struct FileEntry(FileKind Kind, UnixFileMode Mode, long Length, DateTime Modified, ulong Inode = 0)
{
    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory => Kind == FileKind.Directory;

    /// <summary>Whether it is a regular file.</summary>
    public bool IsFile => Kind == FileKind.File;

    /// <summary>Whether it is known to be the same file as another.</summary>
    public bool IsSameFile(FileEntry other) => Inode != 0 && Inode == other.Inode;

    /// <summary>Whether it is a symbolic link.</summary>
    public bool IsSymbolicLink => Kind == FileKind.SymbolicLink;
}
