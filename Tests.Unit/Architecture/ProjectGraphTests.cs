using System.Text.RegularExpressions;

namespace Tests.Unit.Architecture;

/// <summary>The project graph that docs/design.md draws is the one that the project files declare.</summary>
internal sealed partial class ProjectGraphTests
{
    [Test]
    public void The_drawn_graph_is_that_of_the_project_files()
    {
        var drawn = Arrow().Matches(Drawing()).Select(arrow => $"{arrow.Groups[1].Value} --> {arrow.Groups[2].Value}").Order(StringComparer.Ordinal);

        var declared = SourceTree.Projects
            .Where(project => !project.Key.StartsWith("Tests.", StringComparison.Ordinal) && project.Key != "Benchmarks" && !IsStandIn(project.Key))
            .SelectMany(project => project.Value.Select(reference => $"{project.Key} --> {reference}"))
            .Order(StringComparer.Ordinal);

        Assert.That(drawn, Is.EqualTo(declared));
    }

    [Test]
    public void The_layers_of_the_simulator_name_neither_Control_nor_Nodes_of_each_other()
    {
        Assert.Multiple(() =>
        {
            Assert.That(SourceTree.Projects["ClusterSim.Control"], Does.Not.Contain("ClusterSim.Nodes"));
            Assert.That(SourceTree.Projects["ClusterSim.Nodes"], Does.Not.Contain("ClusterSim.Control"));
            Assert.That(SourceTree.Projects["ClusterSim.Machinery"], Is.Empty);
        });
    }

    private static bool IsStandIn(string project) => Directory.Exists(Repository.Path($"StandIns/{project}"));

    private static string Drawing()
    {
        var page = File.ReadAllText(Repository.Path("docs/design.md"));
        var begin = page.IndexOf("```mermaid", StringComparison.Ordinal);
        return page[begin..page.IndexOf("```", begin + 3, StringComparison.Ordinal)];
    }

    [GeneratedRegex(@"^\s*([\w.]+) --> ([\w.]+)\s*$", RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Arrow();
}
