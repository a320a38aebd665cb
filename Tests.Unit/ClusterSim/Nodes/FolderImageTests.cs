using ClusterSim.Machinery;
using ClusterSim.Nodes.Images;
using Processes;

[assembly: ProgramEntry(typeof(ClusterSim.Tests.Nodes.FolderProgram))]

namespace ClusterSim.Tests.Nodes;

/// <summary>The program of this assembly, when it is loaded as an image.</summary>
public static class FolderProgram
{
    private static int RunCount;

    public static async Task<int> RunAsync(ServiceProcess process)
    {
        // Statics are the image's own: the test's copy of this field stays 0.
        await process.Output.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"run {++RunCount} with {string.Join(' ', process.Arguments)} in {process.WorkingDirectory}: {File.Exists(process.Files.Resolve("/app/Tests.Unit.dll"))}\n"));
        return 0;
    }

    public static int Runs => RunCount;
}

public sealed class FolderImageTests
{
    private string _folder = "";

    [SetUp]
    public void Publish()
    {
        _folder = Directory.CreateTempSubdirectory("image-").FullName;
        File.Copy(typeof(FolderProgram).Assembly.Location, Path.Combine(_folder, "Tests.Unit.dll"));
    }

    [TearDown]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [Test]
    public async Task A_publish_folder_runs_in_a_load_context_of_its_own()
    {
        await using var nodes = new TestNodes(realTime: true);
        using var image = new FolderImage(_folder, "Tests.Unit.dll", new ImageConfiguration { Entrypoint = ["dotnet", "Tests.Unit.dll"], WorkingDirectory = "/app", User = "1654" });
        nodes.Images.Add("app:1", image);

        nodes.Pod("app", """{"restartPolicy":"Never","securityContext":{"runAsNonRoot":true},"containers":[{"name":"main","image":"app:1","args":["--x"]}]}""");
        await Eventually.ThatAsync(() => nodes.Status("app").At("phase").Text() == "Succeeded", "the program ends with 0");

        Assert.That(await nodes.Log("app"), Is.EqualTo("run 1 with --x in /app: True\n"));
        Assert.That(FolderProgram.Runs, Is.Zero);
        Assert.That(nodes.ContainerStatus("app").At("imageID").Text(), Is.EqualTo($"docker.io/library/app@{image.Digest}"));
    }

    [Test]
    public void The_digest_is_that_of_the_content()
    {
        var configuration = new ImageConfiguration();
        var before = FolderImage.DigestOf(_folder, configuration);

        File.WriteAllText(Path.Combine(_folder, "appsettings.json"), "{}");

        Assert.That(FolderImage.DigestOf(_folder, configuration), Is.Not.EqualTo(before));
        File.Delete(Path.Combine(_folder, "appsettings.json"));
        Assert.That(FolderImage.DigestOf(_folder, configuration), Is.EqualTo(before));
    }

    [Test]
    public void A_folder_without_the_assembly_is_refused() =>
        Assert.That(() => new FolderImage(_folder, "Other.dll", new ImageConfiguration()), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("publish the service there first"));
}
