using System.Diagnostics;
using ClusterSim.Nodes.Files;

namespace ClusterSim.Tests.Nodes.Files;

/// <summary>Folders for temporary files are their user's alone, and go even if the process that made them was killed.</summary>
public sealed class TemporaryFolderTests
{
    private string _root = null!;

    [SetUp]
    public void SetUp() => _root = Directory.CreateTempSubdirectory("leftovers-").FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_root, recursive: true);

    [Test]
    public void A_folder_is_open_to_its_user_alone()
    {
        using var folder = TemporaryFolder.Create(_root);

        Assert.That(Path.GetDirectoryName(folder.Path), Is.EqualTo(_root));
        if (!OperatingSystem.IsWindows())
            Assert.That(File.GetUnixFileMode(folder.Path), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));
    }

    [Test]
    public async Task A_folder_goes_when_its_process_has_ended_and_not_before()
    {
        using var alive = TemporaryFolder.Create(_root);
        using var left = await LeftAsync();
        Directory.CreateDirectory(Path.Combine(left.Path, "pod", "v"));
        await File.WriteAllTextAsync(Path.Combine(left.Path, "pod", "v", "file"), "x");

        TemporaryFolder.RemoveLeftovers(_root);

        Assert.That(Directory.Exists(left.Path), Is.False);
        Assert.That(Directory.Exists(alive.Path), Is.True);
    }

    [Test]
    public void A_folder_goes_whose_process_id_another_process_has_now()
    {
        using var left = TemporaryFolder.Create(_root);
        WriteOwner(left, $"{Environment.ProcessId} 1\n");

        TemporaryFolder.RemoveLeftovers(_root);

        Assert.That(Directory.Exists(left.Path), Is.False);
    }

    [TestCase("")]
    [TestCase("2147483647 1")]
    [TestCase("2147483647 1 pid:[another]\n")]
    [TestCase("x y\n")]
    public void A_folder_stays_whose_process_is_not_known_to_have_ended(string owner)
    {
        using var folder = TemporaryFolder.Create(_root);
        WriteOwner(folder, owner);

        TemporaryFolder.RemoveLeftovers(_root);

        Assert.That(Directory.Exists(folder.Path), Is.True);
    }

    [Test]
    public async Task No_link_is_followed()
    {
        using var outside = new OutsideFolder();
        using var left = await LeftAsync();
        File.WriteAllText(Path.Combine(outside.Path, TemporaryFolder.OwnerFile), "2147483647 1\n");
        Directory.CreateSymbolicLink(Path.Combine(left.Path, "link"), outside.Path);
        Directory.CreateSymbolicLink(Path.Combine(_root, "cs-link"), outside.Path);
        using var linked = TemporaryFolder.Create(_root);
        File.Delete(Path.Combine(linked.Path, TemporaryFolder.OwnerFile));
        File.CreateSymbolicLink(Path.Combine(linked.Path, TemporaryFolder.OwnerFile), Path.Combine(outside.Path, TemporaryFolder.OwnerFile));

        TemporaryFolder.RemoveLeftovers(_root);

        Assert.That(Directory.Exists(left.Path), Is.False);
        Assert.That(Directory.Exists(linked.Path), Is.True, "its owner is a link");
        File.Delete(Path.Combine(outside.Path, TemporaryFolder.OwnerFile));
        Assert.That(File.ReadAllText(Path.Combine(outside.Path, "canary")), Is.EqualTo(OutsideFolder.Canary));
    }

    [Test]
    public async Task A_folder_of_another_user_stays()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            Assert.Ignore("only root can give a folder to another user");
        using var left = await LeftAsync();
        using (var chown = Process.Start("chown", ["-R", "65534", left.Path]))
            await chown.WaitForExitAsync();

        TemporaryFolder.RemoveLeftovers(_root);

        Assert.That(Directory.Exists(left.Path), Is.True);
    }

    private static void WriteOwner(TemporaryFolder folder, string owner) => File.WriteAllText(Path.Combine(folder.Path, TemporaryFolder.OwnerFile), owner);

    /// <summary>A folder of a process that has ended.</summary>
    private async Task<TemporaryFolder> LeftAsync()
    {
        var folder = TemporaryFolder.Create(_root);
        using var gone = Process.Start(new ProcessStartInfo("dotnet", "--version") { RedirectStandardOutput = true, UseShellExecute = false })!;
        await gone.WaitForExitAsync();
        WriteOwner(folder, $"{gone.Id} 1\n");
        return folder;
    }
}
