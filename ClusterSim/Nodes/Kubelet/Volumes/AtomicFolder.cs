using System.Globalization;
using ClusterSim.Nodes.Files;

namespace ClusterSim.Nodes.Volumes;

/// <summary>
/// A folder whose files change all at once, as the kubelet's AtomicWriter makes it: the files are in a folder named after the time,
/// <c>..data</c> links to it, each name links into <c>..data</c>, and an update swaps the one link. The links are data (<see cref="TreeDirectory"/>).
/// </summary>
internal sealed class AtomicFolder(FileTree tree, TimeProvider clock)
{
    private const string Data = "..data";
    private const string NewData = "..data_tmp";

    private Dictionary<string, VolumeFile>? _written;
    private string? _current;
    private string? _replaced;
    private int _generation;

    /// <summary>The folder.</summary>
    public FileTree Tree { get; } = tree;

    /// <summary>Whether replaced files stay until the next update: real programs have their paths.</summary>
    public bool KeepsReplaced { get; set; }

    /// <summary>Puts these files, by relative path, in the place of those there are. Nothing is touched where nothing differs.</summary>
    public void Write(Dictionary<string, VolumeFile> files)
    {
        if (_written is not null && Same(_written, files))
            return;
        using var root = Tree.Open();
        var name = string.Create(CultureInfo.InvariantCulture, $"..{clock.GetUtcNow().UtcDateTime:yyyy_MM_dd_HH_mm_ss}.{++_generation:D9}");
        root.CreateDirectory(name);
        using (var folder = root.OpenDirectory(name))
            foreach (var (path, file) in files)
                Write(folder, path.Split('/'), file);
        root.RemoveAll(NewData);
        root.CreateLink(NewData, name);
        root.Rename(NewData, root, Data);
        LinkNames(root, files.Keys.Select(path => path.Split('/')[0]).ToHashSet(StringComparer.Ordinal));
        if (_replaced is not null)
            root.RemoveAll(_replaced);
        if (_current is not null && !KeepsReplaced)
            root.RemoveAll(_current);
        _replaced = KeepsReplaced ? _current : null;
        (_current, _written) = (name, files);
    }

    private static void Write(TreeDirectory folder, ReadOnlySpan<string> path, VolumeFile file)
    {
        if (path.Length > 1)
        {
            if (folder.Find(path[0]) is null)
                folder.CreateDirectory(path[0]);
            using var below = folder.OpenDirectory(path[0]);
            Write(below, path[1..], file);
            return;
        }
        using (var written = folder.OpenFile(path[0], FileMode.Create, FileAccess.Write))
            written.Write(file.Content);
        folder.SetMode(path[0], (UnixFileMode)(file.Mode & 0xfff));
    }

    private static void LinkNames(TreeDirectory root, HashSet<string> names)
    {
        foreach (var entry in root.Names())
            if (!entry.StartsWith("..", StringComparison.Ordinal) && !names.Remove(entry))
                root.RemoveAll(entry);
        foreach (var name in names)
            root.CreateLink(name, $"{Data}/{name}");
    }

    private static bool Same(Dictionary<string, VolumeFile> one, Dictionary<string, VolumeFile> other) =>
        one.Count == other.Count && one.All(file =>
            other.TryGetValue(file.Key, out var twin) && twin.Mode == file.Value.Mode && twin.Content.AsSpan().SequenceEqual(file.Value.Content));
}
