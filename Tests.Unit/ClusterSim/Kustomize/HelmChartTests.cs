using ClusterSim.Manifests;

namespace ClusterSim.Tests.Kustomize;

/// <summary>Charts, where helm is installed: in the PATH, or where HELM says.</summary>
internal sealed class HelmChartTests
{
    private static readonly string Chart = Repository.Path("Tests.Unit/ClusterSim/Kustomize/chart");
    private static readonly string? Helm = Find();

    [Test]
    public void Without_helm_the_error_says_how_to_get_it()
    {
        var error = Assert.Throws<ManifestException>(() => HelmChart.Render(Chart, "shop", helm: "/nowhere/helm"));

        Assert.That(error!.Message, Does.Contain("/nowhere/helm cannot be run").And.Contain("https://helm.sh/docs/intro/install"));
    }

    [Test]
    public void Hooks_come_by_their_weights_around_the_chart_and_tests_are_left_out()
    {
        RequireHelm();

        var names = HelmChart.Render(Chart, "shop", helm: Helm!).Select(manifest => manifest.Name);

        Assert.That(names, Is.EqualTo(new[] { "things.shop.example", "shop-first", "shop-second", "shop-settings", "shop", "shop-last" }));
    }

    [Test]
    public async Task A_cluster_takes_a_chart_with_values()
    {
        RequireHelm();
        await using var cluster = await SimulatedCluster.StartAsync();

        cluster.ApplyHelm(Chart, "shop", "color: red", helm: Helm!);

        Assert.That(cluster.Find("configmaps", "default", "shop-settings")!.Value.At("data", "color").Text(), Is.EqualTo("red"));
        Assert.That(cluster.Find("things.shop.example", "default", "shop"), Is.Not.Null);
    }

    [Test]
    public void What_helm_says_of_a_broken_chart_is_told()
    {
        RequireHelm();
        using var folder = new TemporaryFolder();
        folder.Write("Chart.yaml", "apiVersion: v2\nname: broken\nversion: 1.0.0\n");
        folder.Write("templates/a.yaml", "{{ .Values.a.b.c }}\n");

        var error = Assert.Throws<ManifestException>(() => HelmChart.Render(folder.Path, "x", helm: Helm!));

        Assert.That(error!.Message, Does.Contain("helm template").And.Contain("nil pointer"));
    }

    private static void RequireHelm()
    {
        if (Helm is null)
            Assert.Ignore("helm is not installed: put it in the PATH, or its path in HELM");
    }

    private static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(folder => Path.Combine(folder, "helm"))
        .Prepend(Environment.GetEnvironmentVariable("HELM") ?? "").FirstOrDefault(File.Exists);
}
