using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Reads the files of one kustomization: those in or below its folder.</summary>
internal sealed class FileLoader
{
    private readonly FileLoader? _referrer;

    private FileLoader(string root, FileLoader? referrer)
    {
        Root = root;
        _referrer = referrer;
    }

    /// <summary>The folder of the kustomization.</summary>
    public string Root { get; }

    /// <exception cref="KustomizeException">There is no such folder.</exception>
    public static FileLoader Open(string folder)
    {
        var root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return Directory.Exists(root) ? new FileLoader(Resolve(root), null) : throw new KustomizeException($"{folder}: no such folder");
    }

    /// <summary>Returns whether a path is an address of another machine, as far as it is not a file or folder here.</summary>
    public bool IsRemote(string path) =>
        !File.Exists(Path.Combine(Root, path)) && !Directory.Exists(Path.Combine(Root, path))
        && (path.Contains("://", StringComparison.Ordinal) || path.StartsWith("git::", StringComparison.Ordinal) || path.StartsWith("git@", StringComparison.Ordinal)
            || path.StartsWith("github.com", StringComparison.OrdinalIgnoreCase) || path.Contains("?ref=", StringComparison.Ordinal) || path.Contains(".git//", StringComparison.Ordinal));

    public bool IsFile(string path) => File.Exists(Path.Combine(Root, path));

    /// <summary>Opens the folder of another kustomization.</summary>
    /// <exception cref="KustomizeException">The folder does not exist, or refers to itself.</exception>
    public FileLoader New(string path)
    {
        if (path.Length == 0)
            throw new KustomizeException("a path is required");
        if (Path.IsPathRooted(path))
            throw new KustomizeException($"\"{path}\" is absolute; a path relative to {Root} is expected");
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.Combine(Root, path)));
        if (!Directory.Exists(full))
            throw new KustomizeException($"\"{path}\": no such file or folder");
        var root = Resolve(full);
        for (var visited = this; visited is not null; visited = visited._referrer)
            if (IsInOrBelow(visited.Root, root))
                throw new KustomizeException($"\"{path}\": cycle of kustomizations: {root} contains {visited.Root}, which refers to it");
        return new FileLoader(root, this);
    }

    /// <exception cref="KustomizeException">The file does not exist, or is outside the folder.</exception>
    public byte[] Load(string path)
    {
        if (IsRemote(path))
            throw new KustomizeException($"\"{path}\" is remote, and only files of this machine are read: download it and name the file");
        var full = Path.GetFullPath(Path.Combine(Root, path));
        if (Directory.Exists(full))
            throw new KustomizeException($"\"{path}\" is a folder; a file is expected");
        if (!File.Exists(full))
            throw new KustomizeException($"\"{path}\": no such file");
        var resolved = new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.Combine(Resolve(Path.GetDirectoryName(full)!), Path.GetFileName(full));
        return IsInOrBelow(resolved, Root)
            ? File.ReadAllBytes(resolved)
            : throw new KustomizeException($"\"{path}\" is not in or below {Root}: a kustomization reads no files outside its folder, only other kustomizations");
    }

    private static bool IsInOrBelow(string path, string folder) =>
        path == folder || folder == "/" || path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    // The folder without symbolic links, so that two paths of one folder compare equal.
    private static string Resolve(string folder)
    {
        var parent = Path.GetDirectoryName(folder);
        if (parent is null)
            return folder;
        var here = Path.Combine(Resolve(parent), Path.GetFileName(folder));
        return new DirectoryInfo(here).ResolveLinkTarget(returnFinalTarget: true)?.FullName is { } target ? Resolve(Path.TrimEndingDirectorySeparator(target)) : here;
    }
}
