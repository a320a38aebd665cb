#pragma warning disable RS0030 // The folder Files is the only code that touches files of this machine.
namespace ClusterSim.Nodes.Files;

/// <summary>What programs leave free of the disk of this machine that holds a folder.</summary>
/// <param name="folder">The folder, or one that is to be made there.</param>
/// <param name="bytesMin">What is left free.</param>
internal sealed class FreeSpace(Func<string> folder, long bytesMin)
{
    // How often the disk is looked at.
    private const long Step = 4 * 1024 * 1024;

    private readonly Lock _lock = new();
    private long _granted;

    /// <summary>Checks that so many bytes can be written.</summary>
    /// <exception cref="FileSystemException">Too little would be left.</exception>
    public void Require(long bytes)
    {
        lock (_lock)
        {
            if (bytes <= _granted)
            {
                _granted -= bytes;
                return;
            }
            if (AvailableBytes() - bytes - Step < bytesMin)
                throw new FileSystemException(Errno.NoSpace);
            _granted = Step;
        }
    }

    private long AvailableBytes()
    {
        var path = folder();
        while (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } above)
            path = above;
        return new DriveInfo(path).AvailableFreeSpace;
    }
}
