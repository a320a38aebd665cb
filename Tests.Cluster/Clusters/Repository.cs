namespace Tests.Cluster.Clusters;

/// <summary>Files of the checkout that the tests were built in.</summary>
public static class Repository
{
    private static readonly string Root = Find();

    /// <summary>The absolute path of a file named from the checkout's root.</summary>
    public static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(TestContext.CurrentContext.TestDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Harness.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"{TestContext.CurrentContext.TestDirectory} is in no checkout of this project");
    }
}
