using System.Text;

namespace ClusterSim.Tests.Nodes.Files;

/// <summary>A file of the model: a directory, a regular file or a link, in memory.</summary>
internal sealed class ModelFile
{
    /// <summary>The entries of a directory; null for others.</summary>
    public SortedDictionary<string, ModelFile>? Entries { get; init; }

    /// <summary>The target of a link; null for others.</summary>
    public string? Target { get; init; }

    /// <summary>The content of a regular file.</summary>
    public string Content { get; set; } = "";

    public bool IsDirectory => Entries is not null;

    public static ModelFile Directory() => new() { Entries = new SortedDictionary<string, ModelFile>(StringComparer.Ordinal) };

    /// <summary>Everything below, as text.</summary>
    public string Describe(string path = "")
    {
        var text = new StringBuilder();
        text.Append(path).Append(' ').Append(IsDirectory ? "directory" : Target is not null ? $"-> {Target}" : $"= {Content}").Append('\n');
        foreach (var (name, entry) in Entries ?? [])
            text.Append(entry.Describe($"{path}/{name}"));
        return text.ToString();
    }
}

/// <summary>
/// What POSIX says of a container's files, in memory and as short as can be: the model that <c>ContainerFileSystem</c> is compared with. Each method
/// returns null where the operation fails.
/// </summary>
internal sealed class ModelFileSystem(IReadOnlyList<(string Path, ModelFile Root, string? SubPath, bool IsReadOnly)> mounts)
{
    private readonly record struct Place(ModelFile? Directory, string? Name, ModelFile? File, string Path, string Mount, string DirectoryMount)
    {
        public bool IsMountPoint => Path == Mount;
    }

    public string? Read(string path) => Walk(path, true) is { File: { IsDirectory: false, Target: null } file } ? file.Content : null;

    public string? List(string path) => Walk(path, true) is { File.IsDirectory: true } place
        ? string.Join(' ', place.File.Entries!.Keys.Except(NamesIn(place.Path)).Concat(NamesIn(place.Path).Where(name => IsMounted(place.Path, name))).Distinct().Order(StringComparer.Ordinal)) : null;

    public string? ReadLink(string path) => Walk(path, false)?.File?.Target;

    public string? RealPath(string path) => Walk(path, true) is { File: not null } place ? place.Path : null;

    public string? Write(string path, string content, bool appends)
    {
        if (Walk(path, true) is not { Name: { } name } place || place.File is { IsDirectory: true } || IsReadOnly(place.Mount))
            return null;
        var file = place.File ?? new ModelFile();
        file.Content = (appends ? file.Content : "") + content;
        place.Directory!.Entries![name] = file;
        return "";
    }

    public string? Make(string path, ModelFile file)
    {
        if (Named(path) is not { Name: { } name, File: null } place || IsReadOnly(place.DirectoryMount))
            return null;
        place.Directory!.Entries![name] = file;
        return "";
    }

    public string? Link(string existing, string path) =>
        Named(existing) is { File: { IsDirectory: false } file } source && Named(path) is { } target && source.Mount == target.Mount ? Make(path, file) : null;

    public string? Remove(string path, bool isDirectory)
    {
        if (Removable(path) is not { } place || place.File!.IsDirectory != isDirectory || (isDirectory && (place.File.Entries!.Count > 0 || HasBelow(place.Path))))
            return null;
        place.Directory!.Entries!.Remove(place.Name!);
        return "";
    }

    /// <summary>Whether something is mounted at or below what a path names: there, removing everything ends somewhere in the middle.</summary>
    public bool HasMounts(string path) => Named(path) is { } place && (place.IsMountPoint || HasBelow(place.Path));

    public string? RemoveAll(string path)
    {
        if (Removable(path) is not { } place)
            return null;
        place.Directory!.Entries!.Remove(place.Name!);
        return "";
    }

    public string? Rename(string path, string newPath)
    {
        if (Removable(path) is not { } source || Named(newPath) is not { Name: { } name } target || target.IsMountPoint || IsReadOnly(target.DirectoryMount)
            || HasBelow(source.Path) || HasBelow(target.Path) || source.Mount != target.Mount || target.Path.StartsWith(source.Path + "/", StringComparison.Ordinal))
            return null;
        if (ReferenceEquals(target.File, source.File))
            return "";
        if (target.File is { } replaced && (replaced.IsDirectory != source.File!.IsDirectory || replaced.Entries is { Count: > 0 }))
            return null;
        source.Directory!.Entries!.Remove(source.Name!);
        target.Directory!.Entries![name] = source.File!;
        return "";
    }

    private Place? Named(string path) => Walk(path.TrimEnd('/') is { Length: > 0 } name ? name : "/", false);

    private Place? Removable(string path) =>
        Named(path) is { File: not null, Name: not null, IsMountPoint: false } place && !IsReadOnly(place.DirectoryMount) ? place : null;

    private bool IsReadOnly(string mount) => mounts.First(one => one.Path == mount).IsReadOnly;

    // A sub-path that was removed or renamed since is listed no more; on Linux it would be an empty directory.
    private bool IsMounted(string path, string name) => Walk($"{path.TrimEnd('/')}/{name}", false) is { File: not null };

    private bool HasBelow(string path) => NamesIn(path).Any();

    private IEnumerable<string> NamesIn(string path)
    {
        var prefix = path.TrimEnd('/') + "/";
        return mounts.Where(mount => mount.Path.Length > prefix.Length && mount.Path.StartsWith(prefix, StringComparison.Ordinal)).Select(mount => mount.Path[prefix.Length..].Split('/')[0]);
    }

    private Place? Walk(string path, bool follows)
    {
        var open = new List<(ModelFile File, string Path, string Mount)> { (mounts[0].Root, "/", "/") };
        var rest = new LinkedList<string>(Parts(path));
        for (var links = 0; rest.First is { } first;)
        {
            var name = first.Value;
            rest.RemoveFirst();
            if (name == ".")
                continue;
            if (name == "..")
            {
                if (open.Count > 1)
                    open.RemoveAt(open.Count - 1);
                continue;
            }
            var (directory, at, mount) = open[^1];
            var next = at.TrimEnd('/') + "/" + name;
            if (mounts.Skip(1).FirstOrDefault(one => one.Path == next) is { Path: not null } mounted)
            {
                var root = mounted.SubPath is null ? mounted.Root : mounted.Root.Entries!.GetValueOrDefault(mounted.SubPath);
                if (root is { IsDirectory: false, Target: null } && rest.Count == 0)
                    return new Place(mounted.Root, mounted.SubPath, root, next, next, mount);
                if (root is not { IsDirectory: true })
                    return null;
                open.Add((root, next, next));
                continue;
            }
            var file = directory.Entries!.GetValueOrDefault(name);
            if (file?.Target is { } target && (follows || rest.Count > 0))
            {
                if (++links > 40)
                    return null;
                if (target.StartsWith('/'))
                    open.RemoveRange(1, open.Count - 1);
                foreach (var part in Parts(target).Reverse())
                    rest.AddFirst(part);
            }
            else if (rest.Count == 0)
            {
                return new Place(directory, name, file, next, mount, mount);
            }
            else if (file is { IsDirectory: true })
            {
                open.Add((file, next, mount));
            }
            else
            {
                return null;
            }
        }
        return new Place(null, null, open[^1].File, open[^1].Path, open[^1].Mount, open[^1].Mount);
    }

    private static string[] Parts(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        return path.Length > 1 && path.EndsWith('/') ? [.. parts, "."] : parts;
    }
}
