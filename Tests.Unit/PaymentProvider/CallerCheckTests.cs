using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Postgres;
using Tests.Unit.Postgres;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace PaymentProvider.Tests;

/// <summary>The provider as it is deployed: it asks who calls.</summary>
[TestFixture]
internal sealed class CallerCheckTests
{
    private const string Payment = """{"id":"I1","value":12.15,"currency":"EUR"}""";
    private readonly TestIssuer _issuer = new(TimeProvider.System);
    private IPostgresDatabase _database = null!;
    private WireMockServer _published = null!;
    private ProviderFactory _factory = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _database = await TestPostgres.DatabaseAsync("callers");
        _published = WireMockServer.Start();
        _published.Given(Request.Create().WithPath("/openid/v1/jwks")).RespondWith(Response.Create().WithBody(_issuer.Jwks));
        _factory = Provider($"{_published.Url}/openid/v1/jwks");
        _client = _factory.CreateClient();
        await Eventually.ThatAsync(async () => (await _client.GetAsync("/readiness")).IsSuccessStatusCode, "the provider is ready");
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        _client?.Dispose();
        if (_factory is not null)
            await _factory.DisposeAsync();
        _published?.Dispose();
        _issuer.Dispose();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    [Test]
    public async Task Invoice_app_may_pay()
    {
        var (status, body, _) = await PayAsync($"Bearer {_issuer.Token()}");

        Assert.That((status, body), Is.EqualTo((HttpStatusCode.OK, """{"id":"I1"}""")));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("Basic aTphcHA=")]
    [TestCase("token")]
    public async Task Who_does_not_say_who_it_is_is_asked(string? authorization)
    {
        var (status, body, headers) = await PayAsync(authorization);

        Assert.That(status, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer"));
        Assert.That((string)JsonNode.Parse(body)!["detail"]!, Does.Contain("Authorization: Bearer").And.Contain("'payment-provider'"));
    }

    [Test]
    public async Task Who_does_not_prove_it_is_told_why()
    {
        var (status, body, headers) = await PayAsync($"Bearer {_issuer.Token(lifetime: TimeSpan.FromMinutes(1), startsIn: TimeSpan.FromMinutes(-10))}");

        Assert.That(status, Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(headers.WwwAuthenticate.ToString(), Is.EqualTo("Bearer error=\"invalid_token\""));
        Assert.That(JsonNode.Parse(body)!.AsObject().Select(field => field.Key), Is.SupersetOf(new[] { "type", "title", "status", "detail" }));
        Assert.That((string)JsonNode.Parse(body)!["detail"]!, Is.EqualTo("the token has expired"));
    }

    [Test]
    public async Task Another_service_may_not_pay()
    {
        var (status, body, _) = await PayAsync($"Bearer {_issuer.Token("system:serviceaccount:payments:invoice-app")}");

        Assert.That(status, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That((string)JsonNode.Parse(body)!["detail"]!, Is.EqualTo("'system:serviceaccount:payments:invoice-app' may not call the payment provider"));
    }

    [TestCase("/healthz", 200)]
    [TestCase("/liveness", 200)]
    [TestCase("/readiness", 200)]
    [TestCase("/payments", 401)]
    [TestCase("/payments/I1", 401)]
    [TestCase("/openapi/v1.json", 401)]
    [TestCase("/nowhere", 401)]
    public async Task Health_alone_is_open(string path, int status) => Assert.That((int)(await _client.GetAsync(path)).StatusCode, Is.EqualTo(status));

    [Test]
    public async Task An_unreachable_issuer_does_not_take_the_provider_down()
    {
        await using var factory = Provider("http://127.0.0.1:1/openid/v1/jwks");
        using var client = factory.CreateClient();
        await Eventually.ThatAsync(async () => (await client.GetAsync("/readiness")).IsSuccessStatusCode, "the provider is ready");

        using var answer = await client.SendAsync(Asking($"Bearer {_issuer.Token()}"));

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(answer.Headers.RetryAfter!.Delta, Is.InRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)));
        Assert.That((string)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["detail"]!, Does.StartWith("callers cannot be checked now: the issuer's keys cannot be had: "));
        Assert.That((await client.GetAsync("/liveness")).IsSuccessStatusCode);
    }

    private static HttpRequestMessage Asking(string? authorization)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/payments/pay") { Content = new StringContent(Payment, Encoding.UTF8, "application/json") };
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return request;
    }

    private ProviderFactory Provider(string keysUrl) => new(
        _database.ConnectionString,
        ("CALLER_AUTHENTICATION", "service-account"),
        ("CALLER_ISSUER", _issuer.Issuer),
        ("CALLER_KEYS_URL", keysUrl));

    private async Task<(HttpStatusCode Status, string Body, HttpResponseHeaders Headers)> PayAsync(string? authorization)
    {
        using var request = Asking(authorization);
        using var answer = await _client.SendAsync(request);
        if (!answer.IsSuccessStatusCode)
            Assert.That(answer.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/problem+json"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers);
    }
}
