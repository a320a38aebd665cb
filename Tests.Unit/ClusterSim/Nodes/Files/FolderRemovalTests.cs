using ClusterSim.Nodes.Files;

namespace ClusterSim.Tests.Nodes.Files;

internal sealed class FolderRemovalTests
{
    [Test]
    public void What_others_remove_or_write_at_the_same_time_is_no_fault()
    {
        for (var round = 0; round < 20; round++)
        {
            var root = Directory.CreateTempSubdirectory("removal-").FullName;
            var children = Enumerable.Range(0, 8).Select(i => Path.Combine(root, $"pod-{i}")).ToList();
            foreach (var child in children)
                for (var i = 0; i < 20; i++)
                    File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(child, $"volume-{i}")).FullName, "file"), "");

            Parallel.ForEach(children.Append(root).Reverse(), FolderRemoval.Remove);

            Assert.That(Directory.Exists(root), Is.False);
        }
    }

    [Test]
    public void A_folder_that_is_not_there_is_removed_already() =>
        Assert.That(() => FolderRemoval.Remove(Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString())), Throws.Nothing);
}
