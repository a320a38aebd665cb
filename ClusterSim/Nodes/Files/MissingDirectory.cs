namespace ClusterSim.Nodes.Files;

/// <summary>A directory that is not there: it is empty, and nothing can be made in it.</summary>
internal sealed class MissingDirectory : HostDirectory
{
    /// <inheritdoc/>
    public override HostDirectory? TryOpenDirectory(string name, out Errno error)
    {
        error = name == Self ? Errno.None : Errno.NotFound;
        return name == Self ? new MissingDirectory() : null;
    }

    /// <inheritdoc/>
    public override FileEntry? Find(string name) =>
        name == Self ? new FileEntry(FileKind.Directory, (UnixFileMode)0x1ed, 0, DateTime.UnixEpoch) : null;

    /// <inheritdoc/>
    public override bool IsOwn(string name) => false;

    /// <inheritdoc/>
    public override FileStream OpenFile(string name, FileMode mode, FileAccess access) =>
        throw new FileSystemException(mode is FileMode.Open or FileMode.Truncate ? Errno.NotFound : Errno.ReadOnly);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Names() => [];

    /// <inheritdoc/>
    public override void CreateDirectory(string name) => throw new FileSystemException(Errno.ReadOnly);

    /// <inheritdoc/>
    public override void RemoveFile(string name) => throw new FileSystemException(Errno.NotFound);

    /// <inheritdoc/>
    public override void RemoveDirectory(string name) => throw new FileSystemException(Errno.NotFound);

    /// <inheritdoc/>
    public override void Rename(string name, HostDirectory target, string newName) => throw new FileSystemException(Errno.NotFound);

    /// <inheritdoc/>
    public override void CreateHardLink(string name, HostDirectory target, string newName) => throw new FileSystemException(Errno.NotFound);

    /// <inheritdoc/>
    public override void SetMode(string name, UnixFileMode mode) => throw new FileSystemException(Errno.ReadOnly);

    /// <inheritdoc/>
    public override void SetModified(string name, DateTime time) => throw new FileSystemException(Errno.ReadOnly);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // There is no handle to close.
    }
}
