using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace ClusterSim.Nodes.Volumes;

/// <summary>
/// A folder whose files change all at once, as the kubelet's AtomicWriter makes it: the files lie in a folder named after the time,
/// <c>..data</c> links to it, each name links into <c>..data</c>, and an update swaps the one link.
/// </summary>
internal sealed class AtomicFolder(string path, TimeProvider clock)
{
    private Dictionary<string, VolumeFile>? _written;
    private string? _current;
    private int _generation;

    /// <summary>Puts these files, by relative path, in the place of those there are. Nothing is touched where nothing differs.</summary>
    public void Write(Dictionary<string, VolumeFile> files)
    {
        if (_written is not null && Same(_written, files))
            return;
        Directory.CreateDirectory(path);
        var name = string.Create(CultureInfo.InvariantCulture, $"..{clock.GetUtcNow().UtcDateTime:yyyy_MM_dd_HH_mm_ss}.{++_generation:D9}");
        var folder = Path.Combine(path, name);
        Directory.CreateDirectory(folder);
        foreach (var (relative, file) in files)
        {
            var target = Path.Combine(folder, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.WriteAllBytes(target, file.Content);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(target, (UnixFileMode)(file.Mode & 0xfff));
        }
        var link = Path.Combine(path, "..data_tmp");
        File.CreateSymbolicLink(link, name);
        // File.Move refuses a link to a folder; rename(2) swaps it in one step.
        if (Rename([.. Encoding.UTF8.GetBytes(link), 0], [.. Encoding.UTF8.GetBytes(Path.Combine(path, "..data")), 0]) != 0)
            throw new IOException($"{link} could not be renamed to ..data: error {Marshal.GetLastPInvokeError()}");
        LinkNames(files.Keys.Select(relative => relative.Split('/')[0]).ToHashSet(StringComparer.Ordinal));
        if (_current is not null)
            Directory.Delete(_current, recursive: true);
        (_current, _written) = (folder, files);
    }

    private void LinkNames(HashSet<string> names)
    {
        foreach (var entry in Directory.GetFileSystemEntries(path).Select(Path.GetFileName).OfType<string>())
            if (!entry.StartsWith("..", StringComparison.Ordinal) && !names.Remove(entry))
                File.Delete(Path.Combine(path, entry));
        foreach (var name in names)
            File.CreateSymbolicLink(Path.Combine(path, name), Path.Combine("..data", name));
    }

    [DllImport("libc", EntryPoint = "rename", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Rename(byte[] from, byte[] to);

    private static bool Same(Dictionary<string, VolumeFile> one, Dictionary<string, VolumeFile> other) =>
        one.Count == other.Count && one.All(file =>
            other.TryGetValue(file.Key, out var twin) && twin.Mode == file.Value.Mode && twin.Content.AsSpan().SequenceEqual(file.Value.Content));
}
