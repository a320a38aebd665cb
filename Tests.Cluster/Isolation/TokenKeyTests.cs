using ClusterSim;
using ClusterSim.Faults;
using ClusterSim.Manifests;
using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Isolation;

/// <summary>
/// What becomes of callers' tokens as time passes: keys rotate, tokens expire, the issuer is away. On the simulated cluster alone: no API
/// makes a real one rotate its keys or issue a token that has expired.
/// </summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Self)]
public sealed class TokenKeyTests
{
    private const string Policy = "payment-provider-to-issuer";

    private SimulatedClusterUnderTest _system = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _system = await SimulatedClusterUnderTest.StartAsync();

    [TearDown]
    public async Task TellAsync()
    {
        if (TestContext.CurrentContext.Result.Outcome.Status != NUnit.Framework.Interfaces.TestStatus.Failed)
            return;
        foreach (var (@namespace, selector) in new[] { (Invoices, InvoiceAppPods), (Payments, PaymentProviderPods) })
            foreach (var pod in await _system.PodsAsync(@namespace, selector))
                TestContext.Out.WriteLine($"--- {pod}\n{await _system.LogAsync(@namespace, pod)}");
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_system is not null)
            await _system.DisposeAsync();
    }

    [Test]
    public async Task Tokens_of_old_and_new_keys_are_taken_while_both_are_published_and_of_a_retired_key_no_more()
    {
        var first = await _system.CallerTokenAsync();
        var firstKey = _system.Cluster.TokenKeys[^1];
        await AnsweredAsync(first, 200);

        var secondKey = _system.Cluster.RotateTokenKey();
        var second = await _system.CallerTokenAsync();

        Assert.That(_system.Cluster.TokenKeys, Is.SupersetOf(new[] { firstKey, secondKey }));
        await AnsweredAsync(second, 200);
        await AnsweredAsync(first, 200);

        // The first is not retired: the pods' own tokens are of it until the kubelet renews them.
        _system.Cluster.RotateTokenKey();
        _system.Cluster.RetireTokenKey(secondKey);
        // A token of a key that is not known yet makes the provider look again: then the second is gone.
        await AnsweredAsync(await _system.CallerTokenAsync(), 200);
        await AnsweredAsync(second, 401);
        await AnsweredAsync(first, 200);
    }

    [Test]
    public async Task Invoices_are_paid_across_a_rotation()
    {
        await _system.RequestFromOutsideAsync(Host, HttpMethod.Post, "/invoices", """[{"InvoiceId":"R-1","Value":1,"Currency":"EUR"}]""");
        _system.Cluster.RotateTokenKey();

        // A pod whose token is of the new key may be asked to come again, where the provider has looked at the keys within the last five seconds.
        await Eventually.HoldsAsync(() => _system.RequestFromOutsideAsync(Host, HttpMethod.Post, "/invoices/pay"), answer => answer.Code == 200, "everything is paid");
        await new PayingSystemAssertions(_system).Every_replica_says_that_all_invoices_are_paid_and_the_ledger_holds_each_once();
    }

    [Test]
    public async Task A_token_that_has_expired_is_answered_401()
    {
        // Kubernetes gives none for less than ten minutes: to the provider's pods, these are over.
        var token = await _system.CallerTokenAsync();
        await AnsweredAsync(token, 200);
        using var later = _system.Cluster.Faults.SkewClock(PodSet.Parse($"{Payments}/payment-provider"), TimeSpan.FromMinutes(20));

        var answer = await AnsweredAsync(token, 401);

        Assert.That(answer.Body, Does.Contain("the token has expired"));
    }

    [Test]
    public async Task Another_clusters_token_is_answered_401()
    {
        await using var other = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [] });
        other.ApplyYaml("""
            apiVersion: v1
            kind: Namespace
            metadata: { name: invoices }
            ---
            apiVersion: v1
            kind: ServiceAccount
            metadata: { name: invoice-app, namespace: invoices }
            """);
        await using var api = new ClientAccess(SimulatedClusterUnderTest.KubeconfigOf(other));
        var foreign = await api.TokenAsync(Invoices, "invoice-app", "payment-provider");

        var answer = await AnsweredAsync(foreign, 401);

        Assert.That(answer.Body, Does.Contain("none of its issuer"));
    }

    [Test]
    public async Task An_issuer_that_cannot_be_reached_takes_no_replica_down_and_what_is_known_stays_good()
    {
        var token = await _system.CallerTokenAsync();
        await AnsweredAsync(token, 200);
        var policy = MutationTests.Manifest("NetworkPolicy", Payments, Policy);

        await _system.DeleteAsync("networkpolicies", Payments, Policy);
        var before = await _system.PodsAsync(Payments, PaymentProviderPods);
        await _system.KillPodAsync(Payments, before[1]);
        var fresh = (await _system.ReadyPodsAsync(Payments, PaymentProviderPods, 3)).Except(before).Single();

        // Who has asked for the keys before goes on; who has not says so, is Ready, and asks the caller to come again.
        Assert.That((await AskAsync(token, before[0])).Code, Is.EqualTo(200));
        var unknowing = await Eventually.HoldsAsync(() => AskAsync(token, fresh), answer => answer.Code is 503 or 200, "the new replica answers");
        Assert.That(unknowing.Code, Is.EqualTo(503), unknowing.Body);
        Assert.That(unknowing.MediaType, Is.EqualTo("application/problem+json"));
        Assert.That(unknowing.Body, Does.Contain("callers cannot be checked now"));

        _system.Cluster.Apply(policy);
        await Eventually.HoldsAsync(() => AskAsync(token, fresh), answer => answer.Code == 200, "the new replica has fetched the keys");
    }

    private async Task<Answer> AnsweredAsync(string token, int code)
    {
        // Keys are not fetched more often than every five seconds, whatever callers send: the replicas are waited for at once.
        var pods = await _system.PodsAsync(Payments, PaymentProviderPods);
        var answers = await Task.WhenAll(pods.Select(pod => Eventually.HoldsAsync(() => AskAsync(token, pod), answer => answer.Code == code, $"{pod} answers {code}")));
        return answers[^1];
    }

    private Task<Answer> AskAsync(string token, string pod) =>
        _system.RequestToPodAsync(Payments, pod, PaymentProviderPort, HttpMethod.Get, "/payments?limit=1", token: token);
}
