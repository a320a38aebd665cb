using System.Text.Json;
using ClusterSim;
using InvoiceApp;
using PaymentProvider;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Scripts;

/// <summary>
/// deploy.sh current, for real, with the kubectl that is installed here: on a simulated cluster, which is to it a cluster like any other.
/// Its images are there under the tags that IMAGE_TAG names, as they would be in a registry.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Parallelizable(ParallelScope.Self)]
public sealed class DeployToCurrentTests : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deploy-").FullName;
    private SimulatedCluster? _cluster;

    [SetUp]
    public async Task StartAsync()
    {
        if (!KubectlAccess.IsInstalled)
            Assert.Ignore("kubectl is not installed");
        _cluster = await SimulatedClusterUnderTest.StartEmptyAsync(images =>
        {
            SimulatedClusterUnderTest.AddService(images, "invoice-app:1.0.1", InvoiceAppService.RunAsync, "InvoiceApp");
            SimulatedClusterUnderTest.AddService(images, "payment-provider:1.0.1", PaymentProviderService.RunAsync, "PaymentProvider");
        });
        _cluster.WriteKubeconfig(Path.Combine(_folder, "kubeconfig"));
    }

    [Test]
    public async Task It_deploys_rolls_out_a_change_tells_of_a_failure_and_takes_away_what_it_made()
    {
        var first = await DeployAsync("1.0.0");
        Assert.That(first.ExitCode, Is.Zero, first.Output + first.Error);
        Assert.That(first.Output, Does.Contain($"invoice-app   {_cluster!.Ingress}invoices"));
        Assert.That(first.Output, Does.Match(@"invoice-app-\S+ +1/1 +Running"));
        var before = Images();

        var second = await DeployAsync("1.0.1");
        Assert.That(second.ExitCode, Is.Zero, second.Output + second.Error);

        var broken = await DeployAsync("9.9.9", ("DEPLOY_TIMEOUT", "6"));
        Assert.Multiple(() =>
        {
            Assert.That(before, Is.EquivalentTo((string[])["invoice-app:1.0.0", "payment-provider:1.0.0"]));
            Assert.That(broken.ExitCode, Is.EqualTo(1));
            Assert.That(broken.Error, Does.Contain("--- events of invoices").And.Contain("Failed to pull image \"invoice-app:9.9.9\""));
            Assert.That(broken.Error, Does.Contain("the rollout did not complete within 6 s"));
        });

        _cluster.ApplyYaml("{ apiVersion: v1, kind: Namespace, metadata: { name: somebody-elses } }");
        var down = await RunAsync(["current", "down"]);
        Assert.That(down.ExitCode, Is.Zero, down.Output + down.Error);
        var left = Names("namespaces");
        Assert.That(left, Has.None.EqualTo("invoices").And.None.EqualTo("payments"));
        Assert.That(left, Has.Some.EqualTo("somebody-elses").And.Some.EqualTo("kube-system"));
        Assert.That(Labelled(), Is.Empty, "everything that bears the label is gone");
    }

    [Test]
    public async Task A_namespace_of_somebody_elses_stops_it_before_anything_is_changed()
    {
        _cluster!.ApplyYaml("{ apiVersion: v1, kind: Namespace, metadata: { name: payments } }");

        var refused = await DeployAsync("1.0.0");

        Assert.That(refused.ExitCode, Is.EqualTo(1));
        Assert.That(refused.Error, Does.Contain("namespace payments is there already and was not made by ./deploy.sh"));
        Assert.That(Names("namespaces"), Has.None.EqualTo("invoices"));
    }

    [TearDown]
    public async Task EndAsync()
    {
        await DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is { } cluster)
            await cluster.DisposeAsync();
        _cluster = null;
    }

    private Task<ToolResult> DeployAsync(string tag, params IReadOnlyList<(string Name, string Value)> more) =>
        RunAsync(["current"], [("IMAGE_TAG", tag), ("INVOICE_APP_URL", _cluster!.Ingress.ToString()), .. more]);

    private Task<ToolResult> RunAsync(IReadOnlyList<string> arguments, params IReadOnlyList<(string Name, string Value)> more)
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["KUBECONFIG"] = Path.Combine(_folder, "kubeconfig"),
            ["DEPLOY_STATE"] = Path.Combine(_folder, "state"),
            ["REGISTRY"] = null,
            ["OVERLAY"] = null,
            ["DEPLOY_TIMEOUT"] = null,
        };
        foreach (var (name, value) in more)
            environment[name] = value;
        return Tool.RunAsync(Repository.Path("deploy.sh"), arguments, environment: environment);
    }

    private List<string> Images() =>
        [.. new[] { "invoices", "payments" }.SelectMany(place => _cluster!.List("deployments", place))
            .Select(found => found.GetProperty("spec").GetProperty("template").GetProperty("spec").GetProperty("containers")[0].GetProperty("image").GetString()!)];

    private List<string> Names(string resource) => [.. _cluster!.List(resource, null).Select(found => found.GetProperty("metadata").GetProperty("name").GetString()!)];

    private List<JsonElement> Labelled() =>
        [.. new[] { "namespaces", "clusterroles", "clusterrolebindings", "roles", "rolebindings", "priorityclasses" }
            .SelectMany(resource => _cluster!.List(resource, null, "app.kubernetes.io/managed-by=deploy.sh"))];
}
