using System.Buffers.Text;
using System.Text;
using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Isolation;

/// <summary>
/// The provider asks who calls, on every cluster under test: past Services and policies, each replica for itself. Where a network enforces no
/// NetworkPolicy, this is what is left.
/// </summary>
[TestFixtureSource(typeof(ClusterUnderTest), nameof(ClusterUnderTest.All))]
[Category(ClusterUnderTest.Deployed)]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Children)]
public sealed class CallerTokenTests(ClusterUnderTest underTest)
{
    private const string Audience = "payment-provider";

    private ICluster _cluster = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await underTest.StartAsync();
        await underTest.SkipUnlessEnforcedAsync(_cluster);
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Test]
    public async Task Invoice_app_is_answered_by_each_replica()
    {
        foreach (var pod in await _cluster.PodsAsync(Payments, PaymentProviderPods))
            Assert.That((await AskAsync(await _cluster.CallerTokenAsync(), pod)).Code, Is.EqualTo(200), pod);
    }

    [Test]
    public async Task Who_says_nothing_is_answered_401_and_how_to_say_it() =>
        IsProblem(await AskAsync(null), 401, "callers say who they are");

    [TestCase("invoices", "default")]
    [TestCase("invoices", "deployer")]
    [TestCase("payments", "payment-provider")]
    [TestCase("default", "default")]
    public async Task Another_service_account_is_answered_403_by_its_name(string @namespace, string account) =>
        IsProblem(await AskAsync(await _cluster.TokenAsync(@namespace, account, Audience)), 403, $"'system:serviceaccount:{@namespace}:{account}' may not call");

    [TestCase(null)]
    [TestCase("invoice-app")]
    public async Task A_token_for_another_audience_is_answered_401(string? audience) =>
        IsProblem(await AskAsync(await _cluster.TokenAsync(Invoices, "invoice-app", audience)), 401, "the token is for another audience");

    [Test]
    public async Task A_token_that_was_changed_is_answered_401()
    {
        var parts = (await _cluster.TokenAsync(Invoices, "default", Audience)).Split('.');
        var claims = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(parts[1])).Replace("invoices:default", "invoices:invoice-app", StringComparison.Ordinal);

        var forged = $"{parts[0]}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.{parts[2]}";

        IsProblem(await AskAsync(forged), 401, "the token's signature is not its issuer's");
    }

    [Test]
    public async Task The_token_of_invoice_apps_pod_is_good_for_nothing_at_the_API_server()
    {
        var refused = await _cluster.AuthenticatesAsync(await _cluster.CallerTokenAsync());
        var taken = await _cluster.AuthenticatesAsync(await _cluster.TokenAsync(Invoices, "invoice-app", null));

        Assert.That(refused, Is.False, "for the provider");
        Assert.That(taken, Is.True, "for the API server: the same account, another audience");
    }

    [Test]
    public async Task Health_is_open_to_the_kubelet()
    {
        var pod = (await _cluster.PodsAsync(Payments, PaymentProviderPods))[0];

        Assert.That((await _cluster.RequestToPodAsync(Payments, pod, PaymentProviderPort, HttpMethod.Get, "/healthz")).Code, Is.EqualTo(200));
    }

    private async Task<Answer> AskAsync(string? token, string? pod = null) => await _cluster.RequestToPodAsync(
        Payments, pod ?? (await _cluster.PodsAsync(Payments, PaymentProviderPods))[0], PaymentProviderPort, HttpMethod.Get, "/payments?limit=1", token: token);

    private static void IsProblem(Answer answer, int code, string detail) => Assert.Multiple(() =>
    {
        Assert.That(answer.Code, Is.EqualTo(code), answer.Body);
        Assert.That(answer.MediaType, Is.EqualTo("application/problem+json"));
        Assert.That(answer.Body, Does.Contain(detail.Replace("'", "\\u0027", StringComparison.Ordinal)).Or.Contain(detail));
    });
}
