namespace ClusterSim.Nodes.Files;

/// <summary>A file operation failed. The message is the text that programs print after the path (<c>strerror</c>).</summary>
/// <param name="error">Why.</param>
internal sealed class FileSystemException(Errno error) : IOException(TextOf(error))
{
    /// <summary>Why the operation failed.</summary>
    public Errno Error { get; } = error;

    private static string TextOf(Errno error) => error switch
    {
        Errno.NotPermitted => "Operation not permitted",
        Errno.NotFound => "No such file or directory",
        Errno.InputOutput => "Input/output error",
        Errno.AccessDenied => "Permission denied",
        Errno.Busy => "Resource busy",
        Errno.Exists => "File exists",
        Errno.CrossDevice => "Cross-device link",
        Errno.NotDirectory => "Not a directory",
        Errno.IsDirectory => "Is a directory",
        Errno.Invalid => "Invalid argument",
        Errno.TooManyFiles => "No file descriptors available",
        Errno.NoSpace => "No space left on device",
        Errno.ReadOnly => "Read-only file system",
        Errno.TooManyHardLinks => "Too many links",
        Errno.NameTooLong => "Filename too long",
        Errno.NotEmpty => "Directory not empty",
        Errno.TooManyLinks => "Too many levels of symbolic links",
        _ => $"Error {(int)error}",
    };
}
