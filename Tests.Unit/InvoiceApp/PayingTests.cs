using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Bogus;
using ClusterSim.Postgres;
using Tests.Unit.Postgres;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace InvoiceApp.Tests;

[TestFixture]
internal sealed class PayingTests
{
    private IPostgresDatabase _database = null!;
    private WireMockServer _provider = null!;
    private InvoiceAppFactory _app = null!;
    private HttpClient _client = null!;

    [SetUp]
    public async Task Start()
    {
        _database = await TestPostgres.DatabaseAsync("invoices");
        _provider = WireMockServer.Start();
        _app = new InvoiceAppFactory(_database, _provider.Url!);
        _client = await _app.ReadyAsync();
    }

    [TearDown]
    public async Task Stop()
    {
        _client?.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        _provider?.Dispose();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    [Test]
    public async Task All_that_is_unpaid_is_paid_each_once()
    {
        _provider.AcceptsAll();

        var (status, body) = await _client.PayAsync();

        Assert.That(status, Is.EqualTo(200), body.ToJsonString());
        Assert.That(body.ToJsonString(), Is.EqualTo(
            """{"paid":3,"paidByOthers":0,"alreadyPaid":0,"refused":0,"refusedEarlier":0,"left":0,"refusedEarlierInvoices":[]}"""));
        Assert.That(_provider.Asked(), Is.EquivalentTo((string[])["I1", "I2", "I3"]));
        Assert.That(await _client.ListAsync(), Is.EqualTo(((string, bool)[])[("I1", true), ("I2", true), ("I3", true)]));
        var sent = _provider.LogEntries.Select(entry => entry.RequestMessage!.Body);
        Assert.That(sent, Is.EquivalentTo((string[])[
            """{"id":"I1","value":12.15,"currency":"EUR"}""", """{"id":"I2","value":10.25,"currency":"GBP"}""", """{"id":"I3","value":66.13,"currency":"DKK"}"""]));
    }

    [Test]
    public async Task Connections_that_died_in_the_pool_are_not_the_callers_concern()
    {
        _provider.AcceptsAll();
        await DeadConnections.LeaveAsync(_database, "invoice-app", "invoices", () => _client.GetAsync("/invoices/I1"));

        var (status, body) = await _client.PayAsync();

        Assert.That((status, (long)body["paid"]!), Is.EqualTo((200, 3)), body.ToJsonString());
    }

    [Test]
    public async Task Paying_when_nothing_is_left_is_200_and_asks_nobody()
    {
        _provider.AcceptsAll();
        await _client.PayAsync();
        _provider.ResetLogEntries();

        var (status, body) = await _client.PayAsync();

        Assert.That((status, (long)body["paid"]!, (long)body["alreadyPaid"]!), Is.EqualTo((200, 0, 3)));
        Assert.That(_provider.LogEntries, Is.Empty);
    }

    [TestCase(null, null)]
    [TestCase("", null)]
    [TestCase("{}", "application/x-www-form-urlencoded")]
    [TestCase("a=b", "application/x-www-form-urlencoded")]
    [TestCase("{}", "application/json")]
    [TestCase("""{"a":[1]}""", "application/json")]
    [TestCase("{ not json", "application/json")]
    [TestCase("null", "application/json; charset=utf-16")]
    [TestCase("<a/>", "text/xml")]
    [TestCase("x", "no/such; type=\"")]
    public async Task Any_body_of_any_type_pays(string? body, string? type)
    {
        _provider.AcceptsAll();
        using var content = body is null ? null : new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if (type is not null)
            content!.Headers.TryAddWithoutValidation("Content-Type", type);

        var (status, answer) = await _client.PayAsync(content);

        Assert.That((status, (long)answer["paid"]!), Is.EqualTo((200, 3)));
    }

    [Test]
    public async Task A_refusal_is_not_marked_paid_and_stops_nobody_else([Values(400, 409, 422)] int refusal)
    {
        _provider.AcceptsAll();
        _provider.Refuses("I2", refusal, "could not retrieve payment value");

        var (status, body) = await _client.PayAsync();

        Assert.That(status, Is.EqualTo(502));
        Assert.That(((long)body["paid"]!, (long)body["refused"]!, (long)body["left"]!), Is.EqualTo((2, 1, 0)));
        Assert.That(body["invoices"]!.ToJsonString(), Is.EqualTo(
            $$"""[{"InvoiceId":"I2","why":"refused","reason":"the provider answered {{refusal}}: could not retrieve payment value"}]"""));
        Assert.That(await _client.ListAsync(), Is.EqualTo(((string, bool)[])[("I1", true), ("I2", false), ("I3", true)]));
        Assert.That(await _client.StateAsync("I2"), Is.EqualTo(("refused", $"the provider answered {refusal}: could not retrieve payment value")));
    }

    [Test]
    public async Task What_was_refused_earlier_is_told_with_200_and_tried_again_only_when_asked()
    {
        _provider.AcceptsAll();
        _provider.Refuses("I2");
        await _client.PayAsync();
        _provider.ResetMappings();
        _provider.ResetLogEntries();
        _provider.AcceptsAll();

        var (status, body) = await _client.PayAsync();
        Assert.That((status, (long)body["refusedEarlier"]!), Is.EqualTo((200, 1)));
        Assert.That(body["refusedEarlierInvoices"]!.ToJsonString(), Is.EqualTo("""[{"InvoiceId":"I2","why":"refused","reason":"the provider answered 400: no"}]"""));
        Assert.That(_provider.LogEntries, Is.Empty);

        using var retry = await _client.PostAsync("/invoices/I2/retry", content: null);
        Assert.That((int)retry.StatusCode, Is.EqualTo(200));
        Assert.That((await _client.StateAsync("I2")).State, Is.EqualTo("unpaid"));
        (status, body) = await _client.PayAsync();
        Assert.That((status, (long)body["paid"]!, (long)body["alreadyPaid"]!), Is.EqualTo((200, 1, 2)));
        Assert.That(_provider.Asked(), Is.EqualTo((string[])["I2"]));
    }

    [Test]
    public async Task A_provider_that_is_away_is_503_and_nothing_is_paid_until_it_is_back()
    {
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithStatusCode(503).WithBodyAsJson(new { error = "closed" }));

        var (status, body) = await _client.PayAsync();

        Assert.That((status, (long)body["paid"]!, (long)body["left"]!), Is.EqualTo((503, 0, 3)));
        Assert.That(body["invoices"]!.AsArray().Select(invoice => ((string?)invoice!["InvoiceId"], (string?)invoice["why"])),
            Is.EqualTo(((string?, string?)[])[("I1", "unreachable"), ("I2", "unreachable"), ("I3", "unreachable")]));
        Assert.That(await _client.StateAsync("I1"), Is.EqualTo(("unpaid", "the provider answered 503: closed")));

        _provider.Reset();
        _provider.AcceptsAll();
        Assert.That((await _client.PayAsync()).Status, Is.EqualTo(200));
    }

    [TestCase(401)]
    [TestCase(403)]
    [TestCase(404)]
    [TestCase(302)]
    public async Task A_provider_that_makes_no_sense_is_502_and_refuses_nothing(int status)
    {
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithStatusCode(status));

        var (answer, body) = await _client.PayAsync();

        Assert.That((answer, (long)body["refused"]!, (long)body["left"]!), Is.EqualTo((502, 0, 3)));
        Assert.That((await _client.StateAsync("I1")).State, Is.EqualTo("unpaid"));
    }

    [Test]
    public async Task A_payment_without_its_answer_is_asked_for_again_under_the_same_id()
    {
        _provider.Given(StubbedProvider.Payment("I1")).InScenario("lost").WillSetStateTo("found").RespondWith(Response.Create().WithDelay(TimeSpan.FromMinutes(5)));
        _provider.AcceptsAll();
        await using var impatient = new InvoiceAppFactory(_database, _provider.Url!, ("PAYMENT_ATTEMPT_TIMEOUT_SECONDS", "1"));
        using var client = await impatient.ReadyAsync();

        Assert.That((await client.PayAsync()).Status, Is.EqualTo(200));
        Assert.That(_provider.Asked(), Does.Contain("I1"), "the first attempt, which has no answer, is not in the log");
    }

    [Test]
    public async Task A_provider_gone_for_good_is_not_asked_about_every_one_of_many_invoices()
    {
        await _client.AddAsync(Invoices(1000));
        _provider.Given(StubbedProvider.Payment()).RespondWith(Response.Create().WithStatusCode(500));

        var (status, body) = await _client.PayAsync();

        Assert.That((status, (long)body["left"]!), Is.EqualTo((503, 1003)));
        Assert.That(_provider.Asked().Distinct().Count(), Is.LessThan(300));
        Assert.That((string?)body["detail"], Does.Contain("gave up"));
        Assert.That((await _client.StateAsync("I1")).State, Is.EqualTo("unpaid"));
    }

    [Test]
    public async Task Many_invoices_are_paid_each_once_whatever_a_few_of_them_do()
    {
        var invoices = Invoices(2000);
        await _client.AddAsync(invoices);
        _provider.AcceptsAll();
        foreach (var id in (string[])["N7", "N500", "N1999"])
            _provider.Refuses(id);

        var (status, body) = await _client.PayAsync();

        Assert.That((status, (long)body["paid"]!, (long)body["refused"]!, (long)body["left"]!), Is.EqualTo((502, 2000, 3, 0)), body.ToJsonString());
        Assert.That(_provider.Asked(), Is.Unique.And.Length.EqualTo(2003));
        Assert.That((await _client.ListAsync("?paid=false")).Select(invoice => invoice.Id), Is.EqualTo((string[])["N7", "N500", "N1999"]));
    }

    [Test]
    public async Task Progress_is_streamed_when_asked_for()
    {
        _provider.Given(StubbedProvider.Payment("I2")).RespondWith(Response.Create().WithDelay(TimeSpan.FromSeconds(1.5)).WithBodyAsJson(new { id = "I2" }));
        _provider.AcceptsAll();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/invoices/pay");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));

        using var answer = await _client.SendAsync(request);
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!).ToArray();

        Assert.That(answer.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/x-ndjson"));
        // One line a second while payments are under way, however slow the machine is, and the result as the last.
        Assert.That(lines[..^1], Is.Not.Empty);
        Assert.That(lines[..^1].Select(line => ((int?)line["status"], (long)line["failed"]!)), Is.All.EqualTo(((int?)null, 0L)));
        Assert.That(((int)lines[^1]["status"]!, (long)lines[^1]["paid"]!), Is.EqualTo((200, 3)));
    }

    [Test]
    public async Task The_trace_goes_on_to_the_provider()
    {
        _provider.AcceptsAll();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/invoices/pay");
        request.Headers.Add("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

        using var answer = await _client.SendAsync(request);

        Assert.That(_provider.LogEntries.Select(entry => entry.RequestMessage!.Headers!["traceparent"].ToString()), Has.All.StartsWith("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    }

    [Test]
    public async Task A_call_that_runs_into_its_limit_tells_what_is_left_and_a_further_one_goes_on()
    {
        await using var brief = new InvoiceAppFactory(_database, _provider.Url!, ("PAY_LIMIT_SECONDS", "0.1"), ("PAY_BATCH", "1"), ("PAY_LANES", "1"));
        using var client = await brief.ReadyAsync();
        _provider.Given(StubbedProvider.Payment("I1")).RespondWith(Response.Create().WithDelay(TimeSpan.FromSeconds(0.5)).WithBodyAsJson(new { id = "I1" }));
        _provider.AcceptsAll();

        var (status, body) = await client.PayAsync();

        Assert.That((status, (long)body["paid"]!, (long)body["left"]!), Is.EqualTo((503, 1, 2)));
        Assert.That((string?)body["invoices"]![0]!["why"], Is.EqualTo("notTried"));
        Assert.That((await _client.PayAsync()).Status, Is.EqualTo(200));
    }

    [Test]
    public async Task A_caller_who_hangs_up_leaves_no_claims_behind()
    {
        var asked = new TaskCompletionSource();
        var answers = new TaskCompletionSource();
        await using var slow = new RawProvider(async (socket, id, _, cancellation) =>
        {
            asked.TrySetResult();
            await answers.Task.WaitAsync(cancellation);
            await RawProvider.AcceptAsync(socket, id, cancellation);
        });
        await using var app = new InvoiceAppFactory(_database, slow.Url, ("PAY_BATCH", "1"), ("PAY_LANES", "1"), ("PAYMENT_ATTEMPT_TIMEOUT_SECONDS", "30"), ("PAYMENT_TIMEOUT_SECONDS", "30"));
        using var client = await app.ReadyAsync();
        using var hangUp = new CancellationTokenSource();

        var call = client.PostAsync("/invoices/pay", null, hangUp.Token);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await hangUp.CancelAsync();
        answers.SetResult();
        Assert.That(async () => await call, Throws.InstanceOf<OperationCanceledException>());

        await Eventually.ThatAsync(async () => (await _client.StateAsync("I1")).State == "paid", "what was under way is marked");
        Assert.That((await _client.StateAsync("I3")).State, Is.EqualTo("unpaid"));
    }

    /// <summary>Invoices N0, N1, …: the same ones every time.</summary>
    internal static object[] Invoices(int count)
    {
        var faker = new Faker { Random = new Randomizer(20261122) };
        return [.. Enumerable.Range(0, count).Select(i => (object)new
        {
            InvoiceId = $"N{i}",
            Value = faker.Finance.Amount(0.01m, 10_000m),
            Currency = faker.PickRandom("EUR", "GBP", "DKK", "USD", "CHF"),
        })];
    }
}
