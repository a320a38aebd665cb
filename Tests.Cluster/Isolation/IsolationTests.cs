using System.Text.Json;
using System.Text.Json.Nodes;
using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Isolation;

/// <summary>
/// Who reaches whom and who may do what, on every cluster under test. What each of these is worth is shown by <see cref="MutationTests"/>.
/// </summary>
[TestFixtureSource(typeof(ClusterUnderTest), nameof(ClusterUnderTest.All))]
[Category(ClusterUnderTest.Deployed)]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Children)]
public sealed class IsolationTests(ClusterUnderTest underTest)
{
    private ICluster _cluster = null!;
    private Probers _probers = null!;
    private PayingSystemAssertions _system = null!;

    // Once: a namespace that is on its way out takes no new pods.
    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await underTest.StartAsync();
        await underTest.SkipUnlessEnforcedAsync(_cluster);
        _probers = await Probers.StartAsync(_cluster);
        _system = new PayingSystemAssertions(_cluster);
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_probers is not null)
            await _probers.DisposeAsync();
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Test]
    public async Task Each_pod_reaches_what_it_needs_and_nothing_else()
    {
        var reached = await ReachTable.TryAsync(_cluster);

        if (ReachTable.Differences(reached, ReachTable.ExpectedOn(_cluster)) is { Length: > 0 } differences)
            Assert.Fail($"who reaches whom is not as expected:\n{differences}");
    }

    [Test]
    public Task Invoice_app_reaches_payment_provider_and_an_unrelated_pod_does_not() => _system.Invoice_app_reaches_payment_provider_and_an_unrelated_pod_does_not();

    [Test]
    public Task A_pod_of_another_namespace_reaches_neither_provider_nor_databases() => _system.A_pod_of_another_namespace_reaches_neither_provider_nor_databases();

    [Test]
    public async Task From_outside_the_only_way_in_is_invoice_app()
    {
        var answer = await _cluster.RequestFromOutsideAsync(Host, HttpMethod.Get, "/invoices?limit=1");
        var published = new List<string>();
        foreach (var @namespace in (string[])[Invoices, Payments])
            foreach (var service in await _cluster.ListAsync("services", @namespace))
                if (service.GetProperty("spec").GetProperty("type").GetString() != "ClusterIP" || service.GetProperty("spec").TryGetProperty("externalIPs", out _))
                    published.Add(service.GetProperty("metadata").GetProperty("name").GetString()!);

        Assert.That(answer.Code, Is.EqualTo(200), answer.Body);
        Assert.That(published, Is.Empty, "Services with a way in of their own");
    }

    [Test]
    public async Task Who_may_do_what_is_as_docs_access_md_says()
    {
        var path = Repository.Path("docs/access.md");
        var written = await File.ReadAllTextAsync(path);
        var head = written[..written.IndexOf("\n## In namespace", StringComparison.Ordinal)];

        var asked = head + await AccessTable.AskAsync(_cluster);

        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            await File.WriteAllTextAsync(path, asked);
        Assert.That(asked, Is.EqualTo(await File.ReadAllTextAsync(path)), "if the change is meant: UPDATE_DOCS=1 writes docs/access.md anew");
    }

    [Test]
    public async Task No_running_pod_has_more_than_it_needs()
    {
        var faults = new List<string>();
        foreach (var @namespace in (string[])[Invoices, Payments])
            foreach (var pod in await _cluster.ListAsync("pods", @namespace))
                faults.AddRange(PodHardening.Faults(pod).Select(fault => $"{pod.GetProperty("metadata").GetProperty("name").GetString()}: {fault}"));

        Assert.That(faults, Is.Empty);
    }

    [TestCase("privileged", """{"containers":[{"securityContext":{"privileged":true,"allowPrivilegeEscalation":true}}]}""", "privileged (container \"main\" must not set securityContext.privileged=true)")]
    [TestCase("root", """{"containers":[{"securityContext":{"runAsUser":0}}]}""", "runAsUser=0 (container \"main\" must not set runAsUser=0)")]
    [TestCase("host-network", """{"hostNetwork":true}""", "host namespaces (hostNetwork=true)")]
    [TestCase("host-path", """{"volumes":[{"name":"etc","hostPath":{"path":"/etc"}}]}""", "restricted volume types (volume \"etc\" uses restricted volume type \"hostPath\")")]
    [TestCase("host-port", """{"containers":[{"ports":[{"containerPort":80,"hostPort":80}]}]}""", "hostPort (container \"main\" uses hostPort 80)")]
    [TestCase("capabilities", """{"containers":[{"securityContext":{"capabilities":{"add":["NET_ADMIN"]}}}]}""", "unrestricted capabilities")]
    public async Task A_pod_that_asks_for_the_node_is_refused_in_Kubernetes_words(string name, string asks, string because)
    {
        foreach (var @namespace in (string[])[Invoices, Payments])
        {
            var harmless = await _cluster.AdmitAsync(Pod(@namespace, name, "{}"));
            var refused = await _cluster.AdmitAsync(Pod(@namespace, name, asks));

            Assert.That(harmless.Refusal, Is.Null, "the same pod without it");
            Assert.That(refused.Refusal, Does.StartWith($"pods \"{name}\" is forbidden: violates PodSecurity \"restricted:latest\": ").And.Contain(because), @namespace);
        }
    }

    [Test]
    public async Task Quotas_and_limits_bind_both_namespaces()
    {
        foreach (var @namespace in (string[])[Invoices, Payments])
        {
            Assert.That(await Limits.FaultsAsync(_cluster, @namespace), Is.Empty, @namespace);
        }
    }

    [Test]
    public async Task No_account_of_the_system_gives_its_token_to_a_pod_that_does_not_ask()
    {
        foreach (var @namespace in (string[])[Invoices, Payments])
            Assert.That(await Accounts.FaultsAsync(_cluster, @namespace), Is.Empty, @namespace);
    }

    [Test]
    public async Task Both_namespaces_enforce_warn_of_and_log_what_restricted_forbids()
    {
        foreach (var @namespace in (string[])[Invoices, Payments])
            Assert.That(await PodSecurityLevels.OfAsync(_cluster, @namespace), Is.EqualTo(PodSecurityLevels.Expected), @namespace);
    }

    /// <summary>A pod that <c>restricted</c> admits, with something more.</summary>
    internal static JsonObject Pod(string @namespace, string name, string more)
    {
        var pod = (JsonObject)JsonNode.Parse("""
            {"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{
              "automountServiceAccountToken":false,
              "securityContext":{"runAsNonRoot":true,"runAsUser":1654,"runAsGroup":1654,"seccompProfile":{"type":"RuntimeDefault"}},
              "containers":[{"name":"main","image":"busybox:1.37","securityContext":{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"]}}}]}}
            """)!;
        pod["metadata"]!["name"] = name;
        pod["metadata"]!["namespace"] = @namespace;
        Merge((JsonObject)pod["spec"]!, (JsonObject)JsonNode.Parse(more)!);
        return pod;
    }

    private static void Merge(JsonObject into, JsonObject more)
    {
        foreach (var (field, value) in more)
        {
            if (value is JsonObject deeper && into[field] is JsonObject there)
                Merge(there, deeper);
            else if (field == "containers")
                Merge((JsonObject)into[field]![0]!, (JsonObject)value![0]!);
            else
                into[field] = value?.DeepClone();
        }
    }
}
