using ClusterSim;
using ClusterSim.Json;
using ClusterSim.Manifests;

namespace Tests.Cluster.PublicApi;

/// <summary>What calls of a simulated cluster throw where the API rejects them.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Self)]
public sealed class ApiErrorTests
{
    private SimulatedCluster _cluster = null!;

    public static IEnumerable<TestCaseData> OfAbsentPods =>
    [
        Case("LogAsync", cluster => cluster.LogAsync("default", "absent")),
        Case("DialAsPodAsync", async cluster => await cluster.DialAsPodAsync("default", "absent", "localhost", 80, CancellationToken.None)),
        Case("DialPodAsync", async cluster => await cluster.DialPodAsync("default", "absent", 80, CancellationToken.None)),
        Case("KillPod", cluster => Task.FromResult(cluster.Faults.KillPod("default", "absent"))),
        Case("ExceedMemory", cluster => Task.FromResult(cluster.Faults.ExceedMemory("default", "absent"))),
    ];

    [OneTimeSetUp]
    public async Task StartAsync() => _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [] });

    [OneTimeTearDown]
    public async Task EndAsync() => await _cluster.DisposeAsync();

    [Test]
    public void An_invalid_object_is_rejected_with_every_cause()
    {
        var error = Assert.Throws<KubernetesApiException>(() => _cluster.ApplyYaml("""
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: web, namespace: default }
            spec:
              replicas: -1
              selector: { matchLabels: { app: web } }
              template:
                metadata: { labels: { app: web } }
                spec: { containers: [{ name: Main, image: web:1 }] }
            """))!;

        using (Assert.EnterMultipleScope())
        {
            Assert.That((error.Code, error.Reason), Is.EqualTo((422, "Invalid")));
            Assert.That(error.Causes.Select(cause => (cause.Reason, cause.Field)), Is.EquivalentTo(new[]
            {
                ("FieldValueInvalid", "spec.replicas"), ("FieldValueInvalid", "spec.template.spec.containers[0].name"),
            }));
            Assert.That(error.Message, Does.StartWith("the given YAML:1 (document 1): Deployment.apps \"web\" is invalid: ["));
            Assert.That(System.Text.Json.JsonElement.Parse(error.Status).At("details", "causes").Count(), Is.EqualTo(2));
        }
    }

    [Test]
    public void A_field_that_does_not_exist_is_a_bad_request()
    {
        var error = Assert.Throws<KubernetesApiException>(() => _cluster.ApplyYaml("{ apiVersion: v1, kind: ConfigMap, metadata: { name: a }, date: {} }"))!;

        Assert.That((error.Code, error.Reason), Is.EqualTo((400, "BadRequest")));
        Assert.That(error.Message, Does.Contain("unknown field \"date\""));
    }

    [Test]
    public void A_second_object_of_a_name_already_exists()
    {
        var manifest = Manifest.Parse("{ apiVersion: v1, kind: ConfigMap, metadata: { name: once } }").Single();
        _cluster.Create(manifest);

        var error = Assert.Throws<KubernetesApiException>(() => _cluster.Create(manifest))!;

        Assert.That((error.Code, error.Reason), Is.EqualTo((409, "AlreadyExists")));
    }

    [Test]
    public void A_created_object_is_returned_as_the_API_answers()
    {
        var made = _cluster.Create(Manifest.Parse("{ apiVersion: v1, kind: ConfigMap, metadata: { generateName: made- } }").Single());

        Assert.That(made.At("metadata", "name").Text(), Does.StartWith("made-"));
        Assert.That(made.At("metadata", "uid").Exists());
    }

    [Test]
    public void A_kind_and_a_resource_that_do_not_exist_are_not_found()
    {
        var kind = Assert.Throws<KubernetesApiException>(() => _cluster.ApplyYaml("{ apiVersion: v1, kind: Nothing, metadata: { name: a } }"))!;
        var resource = Assert.Throws<KubernetesApiException>(() => _cluster.List("nothings"))!;

        Assert.That(new[] { kind.Code, resource.Code }, Is.All.EqualTo(404));
        Assert.That(new[] { kind.Reason, resource.Reason }, Is.All.EqualTo("NotFound"));
    }

    [Test]
    public void A_malformed_selector_is_a_bad_request() =>
        Assert.That(() => _cluster.List("pods", "default", "app in"), Throws.TypeOf<KubernetesApiException>().With.Property(nameof(KubernetesApiException.Code)).EqualTo(400));

    [TestCaseSource(nameof(OfAbsentPods))]
    public void A_pod_that_does_not_exist_is_not_found(Func<SimulatedCluster, Task> call)
    {
        var error = Assert.ThrowsAsync<KubernetesApiException>(() => call(_cluster))!;

        Assert.That((error.Code, error.Message), Is.EqualTo((404, "pods \"absent\" not found")));
    }

    private static TestCaseData Case(string name, Func<SimulatedCluster, Task> call) => new TestCaseData(call).SetArgDisplayNames(name);
}
