namespace ClusterSim.Nodes.Files;

/// <summary>Why a file operation failed: the error numbers of Linux (<c>errno.h</c>).</summary>
internal enum Errno
{
    /// <summary>Nothing failed.</summary>
    None = 0,

    /// <summary>EPERM: operation not permitted.</summary>
    NotPermitted = 1,

    /// <summary>ENOENT: no such file or directory.</summary>
    NotFound = 2,

    /// <summary>EIO: input/output error.</summary>
    InputOutput = 5,

    /// <summary>EACCES: permission denied.</summary>
    AccessDenied = 13,

    /// <summary>EBUSY: device or resource busy.</summary>
    Busy = 16,

    /// <summary>EEXIST: file exists.</summary>
    Exists = 17,

    /// <summary>EXDEV: invalid cross-device link.</summary>
    CrossDevice = 18,

    /// <summary>ENOTDIR: not a directory.</summary>
    NotDirectory = 20,

    /// <summary>EISDIR: is a directory.</summary>
    IsDirectory = 21,

    /// <summary>EINVAL: invalid argument.</summary>
    Invalid = 22,

    /// <summary>EMFILE: too many open files.</summary>
    TooManyFiles = 24,

    /// <summary>ENOSPC: no space left on device.</summary>
    NoSpace = 28,

    /// <summary>EROFS: read-only file system.</summary>
    ReadOnly = 30,

    /// <summary>EMLINK: too many links.</summary>
    TooManyHardLinks = 31,

    /// <summary>ENAMETOOLONG: file name too long.</summary>
    NameTooLong = 36,

    /// <summary>ENOTEMPTY: directory not empty.</summary>
    NotEmpty = 39,

    /// <summary>ELOOP: too many levels of symbolic links.</summary>
    TooManyLinks = 40,
}
