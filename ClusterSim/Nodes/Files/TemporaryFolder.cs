#pragma warning disable RS0030 // The folder Files is the only code that touches files of this machine.
using System.Security.Cryptography;
using ClusterSim.Machinery;

namespace ClusterSim.Nodes.Files;

/// <summary>
/// A folder of this machine for temporary files, which no other user can enter. It names the process that made it, so that a later process removes what
/// a killed one left.
/// </summary>
internal sealed class TemporaryFolder : IDisposable
{
    /// <summary>The file with the process that made the folder.</summary>
    public const string OwnerFile = ".owner";

    private const string Prefix = "cs-";
    private const int RandomCharacters = 16;
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private TemporaryFolder(string path) => Path = path;

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>Makes a folder with a name that nobody can guess.</summary>
    /// <param name="root">The folder that it is made in; null: that of temporary files.</param>
    public static TemporaryFolder Create(string? root = null)
    {
        var path = System.IO.Path.Combine(root ?? System.IO.Path.GetTempPath(), Prefix + RandomNumberGenerator.GetHexString(RandomCharacters, lowercase: true));
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnersAlone);
        File.WriteAllText(System.IO.Path.Combine(path, OwnerFile), ProcessIdentity.Current().ToLine());
        return new TemporaryFolder(path);
    }

    /// <summary>
    /// Removes the folders of this user whose process has ended. Folders of other users, and links, are left alone; no link in a folder is followed.
    /// </summary>
    /// <param name="root">The folder that they were made in; null: that of temporary files.</param>
    public static void RemoveLeftovers(string? root = null)
    {
        var path = root ?? System.IO.Path.GetTempPath();
        try
        {
            using var parent = HostDirectory.Open(path);
            foreach (var name in Directory.EnumerateDirectories(path, Prefix + "*").Select(folder => System.IO.Path.GetFileName(folder)))
                if (IsLeftover(parent, name))
                    FolderRemoval.Remove(System.IO.Path.Combine(path, name), last: OwnerFile);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // Another process removes the same folders, or the machine does not let us: they stay for the next start.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => FolderRemoval.Remove(Path, last: OwnerFile);

    private static bool IsLeftover(HostDirectory parent, string name)
    {
        if (parent.Find(name) is not { IsDirectory: true } || !parent.IsOwn(name))
            return false;
        try
        {
            using var folder = parent.TryOpenDirectory(name, out _);
            if (folder?.Find(OwnerFile) is not { IsFile: true })
                return false;
            using var reader = new StreamReader(folder.OpenFile(OwnerFile, FileMode.Open, FileAccess.Read));
            return ProcessIdentity.Parse(reader.ReadToEnd()) is { } owner && owner.HasEnded();
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
