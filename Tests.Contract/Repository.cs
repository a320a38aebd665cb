namespace Tests.Contract;

/// <summary>The checkout that the tests run in.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Harness.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no Harness.sln above {AppContext.BaseDirectory}: the tests run within the checkout");
    }
}
