using System.Reflection;

namespace Tests.Cluster.Clusters;

/// <summary>What CLUSTER chooses.</summary>
public sealed class ClusterChoiceTests
{
    [TestCase("sim", "simulated, simulated over its API, simulated through kubectl")]
    [TestCase("k3s", "K3s")]
    [TestCase("current", "current, current through kubectl")]
    [TestCase(null, "simulated, simulated over its API, simulated through kubectl, K3s")]
    public void It_chooses_these_clusters(string? cluster, string names) =>
        Assert.That(string.Join(", ", ClusterUnderTest.Chosen(cluster)), Is.EqualTo(names));

    [Test]
    public void What_is_not_known_is_an_error_that_says_what_is() =>
        Assert.That(() => ClusterUnderTest.Chosen("kind"), Throws.InvalidOperationException.With.Message.EqualTo("CLUSTER=kind is not known: sim, k3s or current"));

    [Test]
    public void What_runs_on_the_cluster_under_test_is_what_test_sh_runs()
    {
        var fixtures = typeof(ClusterUnderTest).Assembly.GetTypes();

        var asks = fixtures.Where(type => type.GetCustomAttributes<TestFixtureSourceAttribute>().Any(source => source.SourceType == typeof(ClusterUnderTest)));
        var bears = fixtures.Where(type => type.GetCustomAttributes<CategoryAttribute>().Any(category => category.Name == ClusterUnderTest.Deployed));
        Assert.That(bears, Is.EquivalentTo(asks).And.Not.Empty);
        Assert.That(File.ReadAllText(Repository.Path("test.sh")), Does.Contain($"TestCategory={ClusterUnderTest.Deployed}"));
    }

    [Test]
    public async Task Without_an_engine_or_the_package_K3s_is_missing_for_a_reason_that_is_told()
    {
        var missing = await K3s.K3sCluster.MissingAsync();

        Assert.That(missing, Is.Null.Or.StartsWith("docker is not installed").Or.StartsWith("no Docker engine answers: ").Or.StartsWith("Testcontainers.K3s is stood in for here"));
    }
}
