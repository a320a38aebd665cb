using System.Text.RegularExpressions;
using Tests.Cluster.Clusters;
using YamlDotNet.RepresentationModel;

namespace Tests.Cluster.Workflows;

/// <summary>The workflow for forks on GitHub: that it is YAML of the right form, and that what it calls is there.</summary>
public sealed partial class WorkflowTests
{
    private static YamlMappingNode Jobs => (YamlMappingNode)Root["jobs"];

    private static YamlMappingNode Root
    {
        get
        {
            var yaml = new YamlStream();
            using var reader = File.OpenText(Repository.Path(".github/workflows/ci.yml"));
            yaml.Load(reader);
            return (YamlMappingNode)yaml.Documents.Single().RootNode;
        }
    }

    [Test]
    public void It_has_a_job_for_all_tiers_for_real_clusters_for_the_images_and_for_the_pact() =>
        Assert.That(Jobs.Children.Keys.Select(name => name.ToString()), Is.SupersetOf((string[])["tests", "k3s", "deploy", "images", "pact"]));

    [Test]
    public void Every_job_has_a_machine_a_limit_and_steps_that_do_something()
    {
        foreach (var (name, node) in Jobs.Children)
        {
            var job = (YamlMappingNode)node;
            Assert.That(job["runs-on"].ToString(), Is.EqualTo("ubuntu-latest"), name.ToString());
            Assert.That(int.TryParse(job["timeout-minutes"].ToString(), out _), name.ToString());
            foreach (var step in (YamlSequenceNode)job["steps"])
                Assert.That(step is YamlMappingNode said && (said.Children.ContainsKey("run") ^ said.Children.ContainsKey("uses")), $"{name}: {step}");
        }
    }

    [Test]
    public void What_its_steps_run_is_in_the_repository()
    {
        var make = File.ReadAllText(Repository.Path("Makefile"));
        var commands = Steps().Where(step => step.Children.ContainsKey("run")).SelectMany(step => step["run"].ToString().Split('\n')).ToList();

        Assert.That(commands, Is.Not.Empty);
        foreach (var command in commands)
        {
            if (Script().Match(command) is { Success: true } script)
                Assert.That(File.Exists(Repository.Path(script.Value)), command);
            if (MakeTarget().Match(command) is { Success: true } target)
                Assert.That(make, Does.Contain($"\n{target.Groups["name"].Value}: "), command);
        }
    }

    [Test]
    public void Results_and_the_picture_are_kept_whatever_came_of_the_tests()
    {
        var kept = Steps().Where(step => step.Children.TryGetValue("uses", out var uses) && uses.ToString().StartsWith("actions/upload-artifact@", StringComparison.Ordinal)).ToList();

        Assert.That(kept.Select(step => step["with"]["name"].ToString()), Is.SupersetOf((string[])["test-results", "test-results-k3s", "reachability"]));
        foreach (var step in kept)
            Assert.That(step["if"].ToString(), Is.EqualTo("success() || failure()"));
    }

    private static IEnumerable<YamlMappingNode> Steps() => Jobs.Children.Values.SelectMany(job => (YamlSequenceNode)job["steps"]).Cast<YamlMappingNode>();

    [GeneratedRegex(@"^(\./harness|\./deploy\.sh|\./test\.sh|\.ci/run|eng/\S+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Script();

    [GeneratedRegex(@"^make (?<name>\S+)", RegexOptions.ExplicitCapture)]
    private static partial Regex MakeTarget();
}
