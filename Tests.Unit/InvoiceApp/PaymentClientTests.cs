using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Bogus;
using InvoiceApp.Payments;
using Microsoft.Extensions.DependencyInjection;
using Processes;
using WireMock.Matchers;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace InvoiceApp.Tests;

[TestFixture]
internal sealed class PaymentClientTests
{
    // Nothing here is slow but what is meant to be: a loaded machine must not make further attempts.
    private static readonly PaymentSettings Patient = new()
    {
        Provider = new Uri("http://localhost"),
        ConnectTimeout = TimeSpan.FromSeconds(20),
        AttemptTimeout = TimeSpan.FromSeconds(20),
        Timeout = TimeSpan.FromSeconds(60),
        Retries = 2,
        RetryDelay = TimeSpan.FromMilliseconds(5),
    };

    private static readonly PaymentSettings Impatient = Patient with { AttemptTimeout = TimeSpan.FromSeconds(0.3) };

    private readonly List<ServiceProvider> _built = [];
    private WireMockServer _provider = null!;

    [SetUp]
    public void Start() => _provider = WireMockServer.Start();

    [TearDown]
    public async Task Stop()
    {
        foreach (var services in _built)
            await services.DisposeAsync();
        _built.Clear();
        _provider.Dispose();
    }

    [Test]
    public async Task A_payment_is_asked_for_once_with_exactly_its_fields()
    {
        _provider.AcceptsAll();

        var outcome = await Client().PayAsync("I1", 12.10m, "EUR", default);

        Assert.That(outcome, Is.EqualTo(PaymentOutcome.Accepted));
        var request = _provider.LogEntries.Single().RequestMessage!;
        Assert.That(request.Body, Is.EqualTo("""{"id":"I1","value":12.10,"currency":"EUR"}"""));
        Assert.That(request.Headers!["Content-Type"].ToString(), Is.EqualTo("application/json"));
        Assert.That(request.Headers["Accept"].ToString(), Is.EqualTo("application/json"));
        Assert.That(request.Headers.Keys, Has.No.Member("Authorization"));
    }

    [Test]
    public async Task Whatever_is_paid_is_sent_as_it_is()
    {
        _provider.AcceptsAll();
        var faker = new Faker("de") { Random = new Randomizer(20261130) };
        var payments = faker.Make(50, () => (Id: faker.Random.Bool() ? faker.Random.Utf16String(1, 40) : faker.Finance.Iban(), Value: faker.Finance.Amount(0.01m, 1_000_000m), Currency: faker.Finance.Currency().Code));
        var client = Client();

        foreach (var (id, value, currency) in payments)
            Assert.That(await client.PayAsync(id, value, currency, default), Is.EqualTo(PaymentOutcome.Accepted), id);

        var sent = _provider.LogEntries.Select(entry => JsonElement.Parse(entry.RequestMessage!.Body!))
            .Select(body => (body.GetProperty("id").GetString()!, body.GetProperty("value").GetDecimal(), body.GetProperty("currency").GetString()!));
        Assert.That(sent, Is.EqualTo(payments));
    }

    [TestCase("")]
    [TestCase("/")]
    [TestCase("/base")]
    [TestCase("/base/")]
    public async Task The_path_goes_below_the_providers_url(string below)
    {
        _provider.Given(Request.Create().WithPath(below.TrimEnd('/') + "/payments/pay").UsingPost()).RespondWith(Response.Create().WithBodyAsJson(new { id = "I1" }));

        Assert.That((await Client(_provider.Url + below).PayAsync("I1", 1m, "EUR", default)).Kind, Is.EqualTo(PaymentOutcomeKind.Accepted));
    }

    [TestCase(400, "Refused", 1)]
    [TestCase(409, "Refused", 1)]
    [TestCase(422, "Refused", 1)]
    [TestCase(401, "NotAllowed", 1)]
    [TestCase(403, "NotAllowed", 1)]
    [TestCase(202, "Nonsense", 1, Description = "accepted to be paid some day is not paid")]
    [TestCase(204, "Nonsense", 1)]
    [TestCase(302, "Nonsense", 1, Description = "redirects are not followed")]
    [TestCase(404, "Nonsense", 1)]
    [TestCase(405, "Nonsense", 1)]
    [TestCase(408, "Unavailable", 3)]
    [TestCase(429, "Unavailable", 3)]
    [TestCase(500, "Unavailable", 3)]
    [TestCase(502, "Unavailable", 3)]
    [TestCase(503, "Unavailable", 3)]
    public async Task The_status_decides_and_whether_to_ask_again(int status, string kind, int attempts)
    {
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithStatusCode(status).WithHeader("Location", "/elsewhere").WithBodyAsJson(new { error = "because", id = "I1" }));

        var outcome = await Client().PayAsync("I1", 1m, "EUR", default);

        Assert.That(outcome.Kind.ToString(), Is.EqualTo(kind));
        Assert.That(outcome.Reason, Does.Contain(status.ToString(CultureInfo.InvariantCulture)));
        if (kind is not "Nonsense")
            Assert.That(outcome.Reason, Does.Contain("because"));
        Assert.That(_provider.Asked(), Is.EqualTo(Enumerable.Repeat("I1", attempts)));
    }

    [TestCase("")]
    [TestCase("<html>hello</html>")]
    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("""{"id":1}""")]
    [TestCase("""{"id":null}""")]
    [TestCase("""{"id":"I1""")]
    [TestCase("""{"id":"I1"} and more""")]
    [TestCase("""{"id":"I2"}""")]
    public async Task A_200_that_does_not_name_the_payment_is_nonsense(string body)
    {
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithStatusCode(200).WithBody(body));

        Assert.That((await Client().PayAsync("I1", 1m, "EUR", default)).Kind, Is.EqualTo(PaymentOutcomeKind.Nonsense));
    }

    [Test]
    public async Task A_spoiled_answer_is_nonsense([Values(FaultType.EMPTY_RESPONSE, FaultType.MALFORMED_RESPONSE_CHUNK)] FaultType fault)
    {
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithBodyAsJson(new { id = "I1" }).WithFault(fault));

        Assert.That((await Client().PayAsync("I1", 1m, "EUR", default)).Kind, Is.EqualTo(PaymentOutcomeKind.Nonsense));
    }

    [Test]
    public async Task An_endless_answer_is_not_read()
    {
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithBody(new string(' ', PaymentClient.AnswerBytesMax + 1)));

        var outcome = await Client().PayAsync("I1", 1m, "EUR", default);

        Assert.That(outcome.Kind, Is.EqualTo(PaymentOutcomeKind.Nonsense));
        Assert.That(outcome.Reason, Does.Contain("65536 bytes"));
    }

    [Test]
    public async Task What_fails_twice_and_then_works_is_paid()
    {
        _provider.Given(StubbedProvider.Payment()).InScenario("flaky").WillSetStateTo("well", 2).RespondWith(Response.Create().WithStatusCode(503));
        _provider.Given(StubbedProvider.Payment()).InScenario("flaky").WhenStateIs("well").WillSetStateTo("well").RespondWith(Response.Create().WithBodyAsJson(new { id = "I1" }));

        Assert.That(await Client().PayAsync("I1", 1m, "EUR", default), Is.EqualTo(PaymentOutcome.Accepted));
        Assert.That(_provider.LogEntries, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task Retry_After_is_respected()
    {
        _provider.Given(StubbedProvider.Payment()).InScenario("busy").WillSetStateTo("free").RespondWith(Response.Create().WithStatusCode(429).WithHeader("Retry-After", "1"));
        _provider.Given(StubbedProvider.Payment()).InScenario("busy").WhenStateIs("free").WillSetStateTo("free").RespondWith(Response.Create().WithBodyAsJson(new { id = "I1" }));

        Assert.That(await Client().PayAsync("I1", 1m, "EUR", default), Is.EqualTo(PaymentOutcome.Accepted));

        var times = _provider.LogEntries.Select(entry => entry.RequestMessage!.DateTime).ToArray();
        Assert.That(times[1] - times[0], Is.GreaterThan(TimeSpan.FromSeconds(0.95)));
    }

    [Test]
    public async Task A_Retry_After_beyond_our_patience_is_not_waited_for()
    {
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithStatusCode(503).WithHeader("Retry-After", "3600"));

        Assert.That((await Client().PayAsync("I1", 1m, "EUR", default)).Kind, Is.EqualTo(PaymentOutcomeKind.Unavailable));
        Assert.That(_provider.LogEntries, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_provider_that_says_nothing_is_unavailable_after_each_attempts_time_out()
    {
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithDelay(TimeSpan.FromMinutes(5)));

        var outcome = await Client(settings: Impatient).PayAsync("I1", 1m, "EUR", default);

        Assert.That(outcome, Is.EqualTo(new PaymentOutcome(PaymentOutcomeKind.Unavailable, "the provider did not answer within 0.3 s")));
    }

    [Test]
    public async Task A_closed_port_is_unavailable_and_named()
    {
        var url = _provider.Url!;
        _provider.Stop();

        var outcome = await Client(url).PayAsync("I1", 1m, "EUR", default);

        Assert.That(outcome.Kind, Is.EqualTo(PaymentOutcomeKind.Unavailable));
        Assert.That(outcome.Reason, Does.StartWith("the provider could not be reached: ").And.Contains("refused"));
    }

    [TestCase("reset")]
    [TestCase("hang up")]
    [TestCase("half a body")]
    [TestCase("trickle")]
    public async Task A_broken_connection_is_tried_again(string fault)
    {
        await using var provider = new RawProvider((socket, id, requests, cancellation) => requests <= 2
            ? BreakAsync(fault, socket, cancellation)
            : RawProvider.AcceptAsync(socket, id, cancellation));

        // The good answer has to come within the time that a trickle is given up after, sooner or later.
        var settings = fault == "trickle" ? Patient with { AttemptTimeout = TimeSpan.FromSeconds(0.5), Retries = 20 } : Patient;

        Assert.That(await Client(provider.Url, settings).PayAsync("I1", 1m, "EUR", default), Is.EqualTo(PaymentOutcome.Accepted));
        Assert.That(provider.Requests, fault == "trickle" ? Is.AtLeast(3) : Is.EqualTo(3));
    }

    [TestCase("reset")]
    [TestCase("hang up")]
    [TestCase("half a body")]
    [TestCase("trickle")]
    public async Task A_connection_that_always_breaks_is_unavailable(string fault)
    {
        await using var provider = new RawProvider((socket, _, _, cancellation) => BreakAsync(fault, socket, cancellation));

        Assert.That((await Client(provider.Url, fault == "trickle" ? Impatient : Patient).PayAsync("I1", 1m, "EUR", default)).Kind, Is.EqualTo(PaymentOutcomeKind.Unavailable));
        Assert.That(provider.Requests, Is.EqualTo(3));
    }

    [Test]
    public async Task What_is_not_HTTP_is_nonsense()
    {
        await using var provider = new RawProvider((socket, _, _, cancellation) => RawProvider.SayAsync(socket, "220 smtp ready\r\n\r\n", cancellation));

        Assert.That((await Client(provider.Url).PayAsync("I1", 1m, "EUR", default)).Kind, Is.EqualTo(PaymentOutcomeKind.Nonsense));
    }

    [Test]
    public async Task No_more_payments_are_under_way_than_allowed()
    {
        int now = 0, most = 0;
        await using var provider = new RawProvider(async (socket, id, _, cancellation) =>
        {
            var count = Interlocked.Increment(ref now);
            for (var seen = most; count > seen; seen = most)
                Interlocked.CompareExchange(ref most, count, seen);
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
            Interlocked.Decrement(ref now);
            await RawProvider.AcceptAsync(socket, id, cancellation);
        });
        var client = Client(provider.Url, Patient with { Parallelism = 3 });

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => client.PayAsync($"I{i}", 1m, "EUR", default)));

        Assert.That(outcomes, Has.All.EqualTo(PaymentOutcome.Accepted));
        Assert.That(most, Is.EqualTo(3));
    }

    [Test]
    public async Task An_open_circuit_spares_the_provider_and_closes_again()
    {
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithStatusCode(500));
        var client = Client(settings: Patient with { Retries = 0, CircuitAttempts = 5, CircuitBreak = TimeSpan.FromSeconds(0.5) });

        for (var i = 0; i < 20; i++)
            await client.PayAsync("I1", 1m, "EUR", default);
        var spared = await client.PayAsync("I1", 1m, "EUR", default);

        Assert.That(_provider.LogEntries, Has.Count.EqualTo(5));
        Assert.That(spared.Kind, Is.EqualTo(PaymentOutcomeKind.Unavailable));
        Assert.That(spared.Reason, Does.Contain("left alone"));

        _provider.Reset();
        _provider.AcceptsAll();
        await Eventually.ThatAsync(async () => (await client.PayAsync("I1", 1m, "EUR", default)).IsDecision, "the circuit closes");
    }

    [Test]
    public async Task A_token_is_sent_and_read_again_when_it_is_not_taken()
    {
        var file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{TestContext.CurrentContext.Test.ID}.token");
        await File.WriteAllTextAsync(file, "first\n");
        _provider.Given(StubbedProvider.Payment().WithHeader("Authorization", new ExactMatcher("Bearer second"))).RespondWith(Response.Create().WithBodyAsJson(new { id = "I1" }));
        _provider.Given(StubbedProvider.Payment()).AtPriority(2).RespondWith(Response.Create().WithStatusCode(401));
        var client = Client(settings: Patient with { TokenFile = file });

        var before = await client.PayAsync("I1", 1m, "EUR", default);
        await File.WriteAllTextAsync(file, "second\n");
        var after = await client.PayAsync("I1", 1m, "EUR", default);

        Assert.That((before.Kind, after.Kind), Is.EqualTo((PaymentOutcomeKind.NotAllowed, PaymentOutcomeKind.Accepted)));
        Assert.That(_provider.LogEntries[0].RequestMessage!.Headers!["Authorization"].ToString(), Is.EqualTo("Bearer first"));
    }

    [Test]
    public async Task Without_its_token_file_nothing_is_sent()
    {
        var outcome = await Client(settings: Patient with { TokenFile = "/nowhere/token" }).PayAsync("I1", 1m, "EUR", default);

        Assert.That(outcome.Kind, Is.EqualTo(PaymentOutcomeKind.NotAllowed));
        Assert.That(outcome.Reason, Does.Contain("/nowhere/token (PAYMENT_TOKEN_FILE)"));
        Assert.That(_provider.LogEntries, Is.Empty);
    }

    [Test]
    public void A_caller_who_gives_up_gets_no_outcome()
    {
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithDelay(TimeSpan.FromMinutes(5)));
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        Assert.That(async () => await Client().PayAsync("I1", 1m, "EUR", patience.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private static async Task BreakAsync(string fault, Socket socket, CancellationToken cancellation)
    {
        switch (fault)
        {
            case "reset":
                await RawProvider.ResetAsync(socket);
                break;
            case "half a body":
                await RawProvider.SayAsync(socket, RawProvider.Answer("""{"id":""", length: 11), cancellation);
                break;
            case "trickle":
                foreach (var character in RawProvider.Answer("""{"id":"I1"}"""))
                {
                    await RawProvider.SayAsync(socket, character.ToString(), cancellation);
                    await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, cancellation);
                }

                break;
        }
    }

    private PaymentClient Client(string? url = null, PaymentSettings? settings = null)
    {
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(new ServiceProcess
            {
                Environment = new Dictionary<string, string>(StringComparer.Ordinal),
                Output = Stream.Null,
                Error = Stream.Null,
                Network = MachineProcess.MachineNetwork.Instance,
            })
            .AddPayments((settings ?? Patient) with { Provider = new Uri(url ?? _provider.Url!) })
            .BuildServiceProvider();
        _built.Add(services);
        return services.GetRequiredService<PaymentClient>();
    }
}
