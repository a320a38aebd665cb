namespace Tests.Support;

/// <summary>Files of the checkout that the tests were built in.</summary>
public static class Repository
{
    /// <summary>The absolute path of the checkout.</summary>
    public static string Root { get; } = Find();

    /// <summary>The absolute path of a file named from the checkout's root.</summary>
    public static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Harness.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"{AppContext.BaseDirectory} is in no checkout of this project: no folder above it has Harness.sln");
    }
}
