using Tests.Cluster.Clusters;

namespace Tests.Cluster.Scripts;

/// <summary>Whether the scripts build what changed, and only that: eng/up-to-date.sh on a small repository.</summary>
public sealed class UpToDateTests
{
    private static readonly DateTime Before = new(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Built = new(2021, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime After = new(2022, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private string _root = null!;

    [SetUp]
    public async Task BuildAsync()
    {
        _root = Directory.CreateTempSubdirectory("up-to-date-").FullName;
        Write("A/A.csproj", """<Project><ItemGroup><ProjectReference Include="../B/B.csproj" /><Compile Include="../C/Linked.cs;../D/*.cs" LinkBase="X" /></ItemGroup></Project>""");
        Write("A/A.cs", "");
        Write("B/B.csproj", "<Project />");
        Write("B/Deep/B.cs", "");
        Write("C/Linked.cs", "");
        Write("C/Other.cs", "");
        Write("D/D.cs", "");
        Write("eng/settings.props", "");
        await BashAsync("begin_stamp . stamps/A.stamp A/A.csproj; finish_stamp stamps/A.stamp");
        foreach (var file in Directory.EnumerateFileSystemEntries(_root, "*", SearchOption.AllDirectories))
            File.SetLastWriteTimeUtc(file, Before);
        File.SetLastWriteTimeUtc(Path.Combine(_root, "stamps/A.stamp"), Built);
    }

    [TearDown]
    public void Remove() => Directory.Delete(_root, recursive: true);

    [Test]
    public async Task A_build_that_nothing_followed_is_up_to_date() => Assert.That(await IsUpToDateAsync(), Is.True);

    [TestCase("A/A.cs")]
    [TestCase("B/Deep/B.cs")]
    [TestCase("B/B.csproj")]
    [TestCase("C/Linked.cs")]
    [TestCase("D/D.cs")]
    [TestCase("D/New.cs")]
    [TestCase("A/New.cs")]
    [TestCase("eng/settings.props")]
    public async Task A_file_that_the_build_reads_and_that_changed_is_noticed(string file)
    {
        Write(file, "changed");
        File.SetLastWriteTimeUtc(Path.Combine(_root, file), After);

        Assert.That(await IsUpToDateAsync(), Is.False);
    }

    [TestCase("B/Deep/B.cs")]
    [TestCase("C/Linked.cs")]
    [TestCase("D/D.cs")]
    public async Task A_file_that_is_gone_is_noticed(string file)
    {
        File.Delete(Path.Combine(_root, file));
        Directory.SetLastWriteTimeUtc(Path.Combine(_root, Path.GetDirectoryName(file)!), After);

        Assert.That(await IsUpToDateAsync(), Is.False);
    }

    [TestCase("A/obj/A.dll")]
    [TestCase("B/bin/Release/B.dll")]
    [TestCase("C/Other.cs")]
    [TestCase("eng/script.sh")]
    [TestCase("eng/packages.local.props")]
    public async Task What_the_build_writes_or_does_not_read_is_not_noticed(string file)
    {
        Write(file, "");
        File.SetLastWriteTimeUtc(Path.Combine(_root, file), After);
        // A file that is new makes the folder newer, too.
        Directory.SetLastWriteTimeUtc(Path.Combine(_root, "eng"), After);

        Assert.That(await IsUpToDateAsync(), Is.True);
    }

    [Test]
    public async Task A_build_that_did_not_finish_is_not_up_to_date()
    {
        await BashAsync("rm stamps/A.stamp; begin_stamp . stamps/A.stamp A/A.csproj");

        Assert.That(await IsUpToDateAsync(), Is.False);
    }


    private void Write(string path, string text)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    private async Task<bool> IsUpToDateAsync() => (await BashAsync("is_up_to_date . stamps/A.stamp && echo yes || echo no")).Trim() == "yes";

    private async Task<string> BashAsync(string command)
    {
        var scripts = string.Concat(((string[])["eng/harness-yaml.sh", "eng/up-to-date.sh"]).Select(script => $". '{Repository.Path(script)}'; "));
        var ended = await Tool.RunAsync("bash", ["-euo", "pipefail", "-c", $"{scripts}cd -P '{_root}'; {command.Replace(" . ", $" '{_root}' ", StringComparison.Ordinal)}"]);
        Assert.That(ended.ExitCode, Is.Zero, ended.Error);
        return ended.Output;
    }
}
