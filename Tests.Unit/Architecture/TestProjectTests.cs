using System.Text.RegularExpressions;

namespace Tests.Unit.Architecture;

/// <summary>The rules for the projects of tests: their namespaces, and what they share.</summary>
internal sealed partial class TestProjectTests
{
    private static readonly string[] Folders = ["Tests.Cluster", "Tests.Contract", "Tests.Support", "Tests.Unit"];

    // A namespace Tests.Unit.ClusterSim would hide ClusterSim from everything in Tests.Unit: the tests of P are in P.Tests.
    [Test]
    public void No_namespace_of_tests_hides_one_of_the_product()
    {
        var roots = SourceTree.Projects.Keys.Where(project => !project.StartsWith("Tests.", StringComparison.Ordinal)).Select(project => project.Split('.')[0]).ToHashSet(StringComparer.Ordinal);

        var hiding = Folders.SelectMany(SourceTree.Files)
            .Select(path => (path, Namespace: Namespace().Match(SourceTree.Read(path)).Groups[1].Value))
            .Where(file => file.Namespace.Split('.').Skip(1).Any(roots.Contains))
            .Select(file => $"{file.path}: {file.Namespace}");

        Assert.That(roots, Does.Contain("ClusterSim").And.Contains("WireMock"));
        Assert.That(hiding, Is.Empty);
    }

    [TestCaseSource(nameof(Folders))]
    public void What_projects_of_tests_share_is_in_Tests_Support(string project) =>
        Assert.That(File.ReadAllText(Repository.Path($"{project}/{project}.csproj")), Does.Not.Contain("Compile Include=\"../Tests."));

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Namespace();
}
