using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Manifests;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Overlays;

/// <summary>
/// Every folder of k8s/overlays: our own reader and kubectl render it to the same documents in the same order, and a cluster takes each of
/// them, field by field.
/// </summary>
[Parallelizable(ParallelScope.Self)]
public sealed class OverlayTests
{
    private static IEnumerable<string> Overlays => Directory.GetDirectories(Repository.Path("k8s/overlays")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal);

    [Test]
    public void There_is_one_for_each_kind_of_cluster() =>
        Assert.That(Overlays, Is.SupersetOf((string[])["current", "k3s", "kind", "minikube", "production", "production-cnpg", "sim"]));

    [TestCaseSource(nameof(Overlays))]
    public async Task It_renders_as_kubectl_renders_it(string overlay)
    {
        if (!KubectlAccess.IsInstalled)
            Assert.Ignore("kubectl is not installed");
        var folder = Repository.Path($"k8s/overlays/{overlay}");

        var rendered = await Tool.RunAsync("kubectl", ["kustomize", folder]);
        Assert.That(rendered.ExitCode, Is.Zero, rendered.Error);
        var theirs = Manifest.Parse(rendered.Output, "kubectl kustomize");
        var ours = Kustomization.Build(folder);

        Assert.That(ours.Select(manifest => manifest.Identity), Is.EqualTo(theirs.Select(manifest => manifest.Identity)));
        foreach (var (mine, other) in ours.Zip(theirs))
            Assert.That(JsonNode.DeepEquals(mine.Object, other.Object), $"{mine.Identity}: ours\n{mine.Object}\nkubectl's\n{other.Object}");
    }

    [TestCaseSource(nameof(Overlays))]
    public async Task Every_object_of_it_is_taken_by_strict_decoding_and_validation(string overlay)
    {
        await using var cluster = await StartAsync();

        foreach (var manifest in Kustomization.Build(Repository.Path($"k8s/overlays/{overlay}")))
            Assert.That(() => cluster.Apply(manifest), Throws.Nothing, manifest.Identity.ToString());
    }

    [Test]
    public async Task A_field_that_is_misspelt_in_a_custom_object_is_noticed()
    {
        await using var cluster = await StartAsync();
        var misspelt = Kustomization.Build(Repository.Path("k8s/overlays/production-cnpg")).First(manifest => manifest.Kind == "Cluster");
        misspelt.Object["spec"]!["instanzes"] = 3;
        cluster.ApplyYaml("{ apiVersion: v1, kind: Namespace, metadata: { name: invoices } }");

        Assert.That(() => cluster.Apply(misspelt), Throws.Exception.With.Message.Contains("spec.instanzes"));
    }

    [TestCase("production")]
    [TestCase("production-cnpg")]
    public void Production_leaves_nothing_to_chance(string overlay)
    {
        var manifests = Kustomization.Build(Repository.Path($"k8s/overlays/{overlay}"));
        var deployments = Of(manifests, "Deployment").ToList();
        var ingress = Of(manifests, "Ingress").Single();

        Assert.Multiple(() =>
        {
            Assert.That(Of(manifests, "StatefulSet").Concat(Of(manifests, "Secret")), Is.Empty, "no database of base's, no password that is public");
            Assert.That(deployments, Has.Count.EqualTo(2));
            foreach (var deployment in deployments)
            {
                var pod = deployment["spec"]!["template"]!["spec"]!;
                Assert.That((string?)pod["containers"]![0]!["image"], Does.Match("^registry\\.example\\.com/.+@sha256:[0-9a-f]{64}$"), "by digest");
                Assert.That((string?)pod["priorityClassName"], Is.EqualTo("invoicing-service"));
                Assert.That((string?)pod["topologySpreadConstraints"]![0]!["whenUnsatisfiable"], Is.EqualTo("DoNotSchedule"));
                Assert.That(deployment["spec"]!["replicas"], Is.Null, "the autoscaler's alone");
            }
            Assert.That(Of(manifests, "HorizontalPodAutoscaler").Select(found => (int?)found["spec"]!["behavior"]!["scaleDown"]!["stabilizationWindowSeconds"]), Is.EqualTo((int?[])[600, 600]));
            Assert.That(ingress["spec"]!["rules"]!.AsArray().Select(rule => (string?)rule!["host"]), Is.EqualTo((string[])["invoices.example.com"]));
            Assert.That((string?)ingress["spec"]!["tls"]![0]!["hosts"]![0], Is.EqualTo("invoices.example.com"));
            Assert.That((string?)ingress["metadata"]!["annotations"]!["cert-manager.io/cluster-issuer"], Is.Not.Null);
        });
    }

    [Test]
    public void An_external_database_is_reached_through_a_Secret_and_a_policy_alone()
    {
        var manifests = Kustomization.Build(Repository.Path("k8s/overlays/production"));

        foreach (var deployment in Of(manifests, "Deployment"))
        {
            var from = deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]!.AsArray()
                .Where(variable => ((string?)variable!["name"])!.StartsWith("DATABASE", StringComparison.Ordinal))
                .Select(variable => $"{variable!["name"]}={variable["valueFrom"]!["secretKeyRef"]!["name"]}/{variable["valueFrom"]!["secretKeyRef"]!["key"]}");
            var secret = (string?)deployment["metadata"]!["namespace"] + "-postgresql";
            Assert.That(from, Is.EquivalentTo((string[])[$"DATABASE={secret}/connection", $"DATABASE_PASSWORD={secret}/password"]));
        }
        Assert.That(Of(manifests, "ConfigMap").Select(map => map["data"]!["DATABASE"]), Is.All.Null, "the Secret's alone");
        Assert.That(
            Of(manifests, "NetworkPolicy").Select(policy => (string?)policy["metadata"]!["name"]).Where(name => name!.EndsWith("-to-postgresql", StringComparison.Ordinal)),
            Is.EquivalentTo((string[])["invoice-app-to-postgresql", "payment-provider-to-postgresql"]));
    }

    // Nothing runs: what is asked is whether the API takes the objects.
    private static async Task<SimulatedCluster> StartAsync()
    {
        var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [] });
        cluster.ApplyYaml(await File.ReadAllTextAsync(Repository.Path("Tests.Cluster/Overlays/cloudnative-pg.crd.yaml")));
        await Eventually.HoldsAsync(
            () => Task.FromResult(cluster.List("customresourcedefinitions", null)[0]),
            found => found.TryGetProperty("status", out var status) && status.TryGetProperty("conditions", out var conditions) && conditions.ValueKind == JsonValueKind.Array
                && conditions.EnumerateArray().Any(condition => condition.GetProperty("type").GetString() == "Established" && condition.GetProperty("status").GetString() == "True"),
            "the definition of CloudNativePG's kind is established");
        return cluster;
    }

    private static IEnumerable<JsonObject> Of(IReadOnlyList<Manifest> manifests, string kind) =>
        manifests.Where(manifest => manifest.Kind == kind).Select(manifest => manifest.Object);
}
