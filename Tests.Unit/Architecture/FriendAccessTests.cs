using System.Xml.Linq;

namespace Tests.Unit.Architecture;

/// <summary>Who sees the internals of the simulator and of the command: their unit tests, and the simulator's other projects.</summary>
internal sealed class FriendAccessTests
{
    [TestCase("ClusterSim/Directory.Build.props")]
    [TestCase("Harness.Cli/Harness.csproj")]
    public void Friends_are_sibling_projects_and_unit_tests(string file)
    {
        var friends = XDocument.Load(Repository.Path(file)).Descendants("InternalsVisibleTo").Select(friend => (string)friend.Attribute("Include")!).ToList();

        Assert.That(friends.Where(friend => friend != "Tests.Unit" && friend != "ClusterSim" && !friend.StartsWith("ClusterSim.", StringComparison.Ordinal)), Is.Empty);
        Assert.That(friends, Does.Contain("Tests.Unit"));
    }
}
