namespace Tests.Unit.Architecture;

/// <summary>The analyzer keeps files of this machine from code of the nodes (eng/BannedSymbols.Files.txt); this keeps the exceptions few.</summary>
internal sealed class FileAccessTests
{
    private static readonly string[] Allowed = ["ClusterSim/Nodes/Files/", "ClusterSim/Nodes/Images/FolderImage.cs", "ClusterSim/Nodes/Network/SocketBridge.cs"];

    [Test]
    public void Only_the_folder_Files_an_image_and_the_sockets_touch_files_of_this_machine()
    {
        var others = SourceTree.Files("ClusterSim/Nodes")
            .Where(path => !Allowed.Any(allowed => path.StartsWith(allowed, StringComparison.Ordinal)))
            .Where(path => SourceTree.Read(path).Contains("RS0030", StringComparison.Ordinal));

        Assert.That(others, Is.Empty);
    }
}
