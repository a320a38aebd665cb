using ClusterSim.Nodes.Files;

namespace ClusterSim.Nodes.Volumes;

/// <summary>A sub-path of a volume, followed and made as the kubelet does (<c>SafeMakeDir</c>, <c>doSafeOpen</c>): never out of the volume.</summary>
internal static class VolumeSubPath
{
    private const int LinksMax = 40;

    /// <summary>Follows a sub-path to the entry that it names, by names without links; directories that are missing are made.</summary>
    /// <exception cref="FileSystemException">It leads out of the volume, or through a file.</exception>
    public static IReadOnlyList<string> Resolve(FileTree tree, string subPath)
    {
        var open = new Stack<TreeDirectory>([tree.Open()]);
        var names = new List<string>();
        var rest = new Stack<string>();
        var links = 0;
        try
        {
            Add(subPath);
            while (rest.TryPop(out var name))
            {
                if (name == "..")
                {
                    // What is above the volume is not the volume's.
                    if (names.Count == 0)
                        throw new FileSystemException(Errno.AccessDenied);
                    names.RemoveAt(names.Count - 1);
                    open.Pop().Dispose();
                }
                else if (open.Peek().ReadLink(name) is { } target)
                {
                    if (++links > LinksMax)
                        throw new FileSystemException(Errno.TooManyLinks);
                    if (target.StartsWith('/'))
                        throw new FileSystemException(Errno.AccessDenied);
                    Add(target);
                }
                else if (Enter(open, name, isLast: rest.Count == 0))
                {
                    names.Add(name);
                }
                else
                {
                    names.Add(name);
                    return names; // a file
                }
            }
            return names;
        }
        finally
        {
            foreach (var directory in open)
                directory.Dispose();
        }

        void Add(string path)
        {
            foreach (var name in path.Split('/').Reverse())
                if (name.Length > 0 && name != HostDirectory.Self)
                    rest.Push(name);
        }
    }

    private static bool Enter(Stack<TreeDirectory> open, string name, bool isLast)
    {
        if (open.Count > PathWalk.DepthMax)
            throw new FileSystemException(Errno.NameTooLong);
        var directory = open.Peek();
        var next = directory.TryOpenDirectory(name, out var error);
        if (next is null && error == Errno.NotFound)
        {
            directory.CreateDirectory(name);
            next = directory.OpenDirectory(name);
        }
        if (next is not null)
            open.Push(next);
        else if (error != Errno.NotDirectory || !isLast || directory.Find(name) is not { IsFile: true })
            throw new FileSystemException(error);
        return next is not null;
    }
}
