using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Manifests;
using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Isolation;

/// <summary>
/// Each setting that callers' tokens need is taken away or spoilt in turn, the pods it concerns start anew, and invoices are no longer paid; or,
/// where what is taken away is the check itself, a caller without a token is answered. One cluster for all: what is taken away is put back.
/// </summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Self)]
public sealed class TokenMutationTests
{
    private SimulatedClusterUnderTest _system = null!;

    /// <summary>What is spoilt: of which manifest, where, with what (null: it is removed), and which pods must start anew to see it.</summary>
    public static IEnumerable<TestCaseData> Spoilt
    {
        get
        {
            const string Provider = "app.kubernetes.io/name=payment-provider";
            const string App = "app.kubernetes.io/name=invoice-app";
            yield return Case("ConfigMap", Invoices, "invoice-app", "data.PAYMENT_TOKEN_FILE", null, App);
            yield return Case("Deployment", Invoices, "invoice-app", "spec.template.spec.volumes.1.projected.sources.0.serviceAccountToken.audience", "somebody-else", App);
            yield return Case("Deployment", Invoices, "invoice-app", "spec.template.spec.volumes.1.projected.sources.0.serviceAccountToken.audience", null, App);
            yield return Case("Deployment", Invoices, "invoice-app", "spec.template.spec.serviceAccountName", "default", App);
            yield return Case("ConfigMap", Payments, "payment-provider", "data.CALLER_KEYS_TOKEN_FILE", null, Provider);
            yield return Case("ConfigMap", Payments, "payment-provider", "data.CALLER_KEYS_CA_FILE", null, Provider);
            yield return Case("ConfigMap", Payments, "payment-provider", "data.CALLER_ALLOWED", "system:serviceaccount:invoices:default", Provider);
            yield return Case("ConfigMap", Payments, "payment-provider", "data.CALLER_AUDIENCE", "another", Provider);
            yield return Case("ConfigMap", Payments, "payment-provider", "data.CALLER_ISSUER", "https://elsewhere", Provider);
            yield return Case("ConfigMap", Payments, "payment-provider", "data.CALLER_KEYS_URL", "https://kubernetes.default.svc.cluster.local/nowhere", Provider);
            yield return Case("NetworkPolicy", Payments, "payment-provider-to-issuer", null, null, Provider);

            static TestCaseData Case(string kind, string @namespace, string name, string? path, string? value, string pods) =>
                new TestCaseData(kind, @namespace, name, path, value, pods).SetArgDisplayNames($"{kind} {@namespace}/{name}", path ?? "", value ?? "removed");
        }
    }

    [OneTimeSetUp]
    public async Task StartAsync() => _system = await SimulatedClusterUnderTest.StartAsync(
        change: manifests => [.. manifests.Where(manifest => manifest.Kind != "HorizontalPodAutoscaler").Select(One)]);

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_system is not null)
            await _system.DisposeAsync();
    }

    [TestCaseSource(nameof(Spoilt))]
    public async Task What_a_callers_token_needs_is_missed(string kind, string @namespace, string name, string? path, string? value, string pods)
    {
        var good = One(MutationTests.Manifest(kind, @namespace, name));
        var spoilt = path is null ? null : Changed(good, path, value);

        await PaysAsync();
        try
        {
            if (spoilt is null)
                await _system.DeleteAsync(kind.ToLowerInvariant().Replace("policy", "policies", StringComparison.Ordinal), @namespace, name);
            else
                _system.Cluster.Apply(spoilt);
            await StartAnewAsync(@namespace, pods);

            await DoesNotPayAsync();
        }
        finally
        {
            _system.Cluster.Apply(good);
            await StartAnewAsync(@namespace, pods);
        }
    }

    [Test]
    public async Task Without_the_check_a_caller_without_a_token_is_answered()
    {
        var good = MutationTests.Manifest("ConfigMap", Payments, "payment-provider");

        Assert.That(await UnknownIsAnsweredAsync(), Is.EqualTo(401));
        _system.Cluster.Apply(Changed(good, "data.CALLER_AUTHENTICATION", "off"));
        await StartAnewAsync(Payments, PaymentProviderPods);
        Assert.That(await UnknownIsAnsweredAsync(), Is.EqualTo(200), "the test that a caller without a token is refused would fail");

        _system.Cluster.Apply(good);
        await StartAnewAsync(Payments, PaymentProviderPods);
    }

    [Test]
    public async Task The_binding_counts_where_a_cluster_lets_nobody_read_the_keys_by_default()
    {
        var binding = MutationTests.Manifest("ClusterRoleBinding", "", "payment-provider-issuer-keys");
        var keys = new Func<string, string, Task<bool>>((@namespace, account) => ReadsKeysAsync(@namespace, account));
        await _system.DeleteAsync("clusterrolebindings", null, "system:service-account-issuer-discovery");

        Assert.That(await keys(Payments, "payment-provider"), Is.True);
        Assert.That(await keys(Payments, "payments-db"), Is.False);
        await StartAnewAsync(Payments, PaymentProviderPods);
        await PaysAsync();
        await _system.DeleteAsync("clusterrolebindings", null, "payment-provider-issuer-keys");
        Assert.That(await keys(Payments, "payment-provider"), Is.False);
        await StartAnewAsync(Payments, PaymentProviderPods);
        await DoesNotPayAsync();

        _system.Cluster.Apply(binding);
        await StartAnewAsync(Payments, PaymentProviderPods);
    }

    private async Task<bool> ReadsKeysAsync(string @namespace, string account)
    {
        using var client = new Harness.Kube.KubeClient(_system.KubeconfigOf() with { Token = await _system.TokenAsync(@namespace, account, null) });
        try
        {
            await client.SendAsync(HttpMethod.Get, "openid/v1/jwks", null, null);
            return true;
        }
        catch (Harness.Kube.KubeException refused) when (refused.Code == 403)
        {
            return false;
        }
    }

    private async Task<int> UnknownIsAnsweredAsync()
    {
        var pod = (await _system.ReadyPodsAsync(Payments, PaymentProviderPods, 1))[0];
        return (await _system.RequestToPodAsync(Payments, pod, PaymentProviderPort, HttpMethod.Get, "/payments?limit=1")).Code;
    }

    /// <summary>A new invoice is paid; what went wrong before may keep a circuit open for a moment.</summary>
    private async Task PaysAsync()
    {
        await CreateAsync();
        await Eventually.HoldsAsync(PayAsync, answer => answer.Code == 200, "everything is paid");
    }

    private async Task DoesNotPayAsync()
    {
        await CreateAsync();
        var answer = await PayAsync();
        Assert.That(answer.Code, Is.EqualTo(502).Or.EqualTo(503), answer.Body);
        Assert.That(answer.Json.GetProperty("paid").GetInt32(), Is.Zero, answer.Body);
    }

    private Task<Answer> PayAsync() => _system.RequestFromOutsideAsync(Host, HttpMethod.Post, "/invoices/pay");

    private Task<Answer> CreateAsync() => _system.RequestFromOutsideAsync(
        Host, HttpMethod.Post, "/invoices", $$"""[{"InvoiceId":"M-{{Guid.NewGuid():N}}","Value":1,"Currency":"EUR"}]""");

    private async Task StartAnewAsync(string @namespace, string pods)
    {
        foreach (var pod in await _system.PodsAsync(@namespace, pods))
            await _system.KillPodAsync(@namespace, pod);
        // A Deployment that changed replaces its pods by itself, one after the other: until the last of them is the newest.
        await _system.Cluster.ReadyAsync(Eventually.Limit, @namespace);
        await _system.ReadyPodsAsync(@namespace, pods, 1);
    }

    /// <summary>One replica of each, as nothing here is about several; and payments that give up soon.</summary>
    private static Manifest One(Manifest manifest)
    {
        var copy = (JsonObject)manifest.Object.DeepClone();
        if (manifest.Kind == "Deployment")
            copy["spec"]!["replicas"] = 1;
        if (manifest is { Kind: "ConfigMap", Namespace: Invoices, Name: "invoice-app" })
        {
            copy["data"]!["PAYMENT_TIMEOUT_SECONDS"] = "2";
            copy["data"]!["PAYMENT_ATTEMPT_TIMEOUT_SECONDS"] = "2";
        }
        return new Manifest(copy, manifest.Source);
    }

    private static Manifest Changed(Manifest manifest, string path, string? value)
    {
        var copy = (JsonObject)manifest.Object.DeepClone();
        JsonNode at = copy;
        var parts = path.Split('.');
        foreach (var part in parts[..^1])
            at = at is JsonArray list ? list[int.Parse(part)]! : at[part]!;
        if (value is null)
            ((JsonObject)at).Remove(parts[^1]);
        else
            ((JsonObject)at)[parts[^1]] = value;
        return new Manifest(copy, manifest.Source);
    }
}
