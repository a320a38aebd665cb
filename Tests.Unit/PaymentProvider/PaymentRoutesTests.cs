using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Bogus;
using ClusterSim.Postgres;
using FsCheck;
using FsCheck.Fluent;
using Npgsql;
using ServiceDefaults.Money;
using Tests.Unit.Postgres;

namespace PaymentProvider.Tests;

[TestFixture]
public sealed class PaymentRoutesTests
{
    private IPostgresDatabase _database = null!;
    private ProviderFactory _factory = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _database = await TestPostgres.DatabaseAsync("payments");
        _factory = new ProviderFactory(_database.ConnectionString);
        _client = _factory.CreateClient();
        await Eventually.ThatAsync(async () => (await _client.GetAsync("/readiness")).IsSuccessStatusCode, "the provider is ready");
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        _client?.Dispose();
        if (_factory is not null)
            await _factory.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    [Test]
    public async Task A_payment_is_answered_with_its_id()
    {
        var (status, body) = await PayAsync("""{"id":"I1","value":12.15,"currency":"EUR"}""");

        Assert.That((status, body), Is.EqualTo((HttpStatusCode.OK, """{"id":"I1"}""")));
    }

    [TestCase("/readiness")]
    [TestCase("/payments")]
    [TestCase("/payments/died")]
    [TestCase("/payments/pay")]
    public async Task Connections_that_died_in_the_pool_are_no_callers_concern(string path)
    {
        Assert.That((await PayAsync("""{"id":"died","value":1.00,"currency":"EUR"}""")).Status, Is.EqualTo(HttpStatusCode.OK));
        await DeadConnections.LeaveAsync(_database, "payment-provider", "payments", () => _client.GetAsync("/payments/died"));

        var (status, body) = path == "/payments/pay" ? await PayAsync("""{"id":"died","value":1.00,"currency":"EUR"}""") : await GetAsync(path);

        Assert.That(status, Is.EqualTo(HttpStatusCode.OK), body);
    }

    [TestCase("", "empty body request")]
    [TestCase(" \r\n\t", "empty body request")]
    [TestCase("{", "failed to process payment request parameters")]
    [TestCase("[]", "failed to process payment request parameters")]
    [TestCase("null", "failed to process payment request parameters")]
    [TestCase("id=1&value=2", "failed to process payment request parameters")]
    [TestCase("""{"id":"a","value":1,"currency":"EUR"} and more""", "failed to process payment request parameters")]
    [TestCase("""{"id":"a","value":1,"value":2,"currency":"EUR"}""", "failed to process payment request parameters")]
    [TestCase("""{"id":"\ud800","value":1,"currency":"EUR"}""", "failed to process payment request parameters")]
    [TestCase("{}", "could not retrieve payment id")]
    [TestCase("""{"id":"","value":1,"currency":"EUR"}""", "could not retrieve payment id")]
    [TestCase("""{"id":7,"value":1,"currency":"EUR"}""", "could not retrieve payment id")]
    [TestCase("""{"id":{"id":"a"},"value":1,"currency":"EUR"}""", "could not retrieve payment id")]
    [TestCase("""{"id":"a","currency":"EUR"}""", "could not retrieve payment value")]
    [TestCase("""{"id":"a","value":"1","currency":"EUR"}""", "could not retrieve payment value")]
    [TestCase("""{"id":"a","value":null,"currency":"EUR"}""", "could not retrieve payment value")]
    [TestCase("""{"id":"a","value":1}""", "could not retrieve payment currency")]
    [TestCase("""{"id":"a","value":1,"currency":978}""", "could not retrieve payment currency")]
    [TestCase("""{"id":"a","value":-1,"currency":"EUR"}""", "payment value -1 is not positive")]
    [TestCase("""{"id":"a","value":0.00,"currency":"EUR"}""", "payment value 0 is not positive")]
    [TestCase("""{"id":"a","value":1.005,"currency":"EUR"}""", "payment value 1.005 is too precise: EUR has 2 decimals")]
    [TestCase("""{"id":"a","value":1.5,"currency":"JPY"}""", "payment value 1.5 is too precise: JPY has 0 decimals")]
    [TestCase("""{"id":"a","value":12.150000000000000000000000000000000000001,"currency":"EUR"}""", "payment value has more than 4 decimals")]
    [TestCase("""{"id":"a","value":1e15,"currency":"EUR"}""", "payment value has more than 15 digits before the point")]
    [TestCase("""{"id":"a","value":1e999999999999999999999,"currency":"EUR"}""", "payment value has more than 15 digits before the point")]
    [TestCase("""{"id":"a","value":1,"currency":"eur"}""", "payment currency 'eur' is not a code of ISO 4217 (three capital letters, such as EUR)")]
    [TestCase("""{"id":"a","value":1,"currency":"XXX"}""", "payment currency 'XXX' is not a code of ISO 4217 (three capital letters, such as EUR)")]
    [TestCase("""{"id":"a\u0000","value":1,"currency":"EUR"}""", "payment id holds control characters")]
    public async Task A_wrong_request_is_400_with_its_text(string request, string error)
    {
        var (status, body) = await PayAsync(request);

        Assert.That((status, (string?)JsonNode.Parse(body)!["error"]), Is.EqualTo((HttpStatusCode.BadRequest, error)));
    }

    [Test]
    public async Task An_id_that_is_too_long_is_400()
    {
        var (status, body) = await PayAsync(Request(new string('x', 201), 1, "EUR"));

        Assert.That((status, body), Is.EqualTo((HttpStatusCode.BadRequest, """{"error":"payment id is longer than 200 characters"}""")));
    }

    [Test]
    public async Task A_body_that_is_too_large_is_413()
    {
        var (status, body) = await PayAsync(Request("a", 1, "EUR") + new string(' ', 16 * 1024));

        Assert.That((status, body), Is.EqualTo((HttpStatusCode.RequestEntityTooLarge, """{"error":"request body is larger than 16384 bytes"}""")));
    }

    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("text/plain")]
    [TestCase(null)]
    public async Task The_content_type_does_not_matter(string? contentType)
    {
        using var content = new StringContent(Request($"typed {contentType}", 1, "EUR"));
        content.Headers.ContentType = contentType is null ? null : new(contentType);

        using var answer = await _client.PostAsync("/payments/pay", content);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task The_same_payment_again_is_answered_the_same_and_made_once()
    {
        var first = await PayAsync(Request("again", 10.1m, "GBP"));
        var second = await PayAsync("""{"currency":"GBP","value":1.0100e1,"id":"again"}""");

        Assert.That(second, Is.EqualTo(first));
        Assert.That(await CountAsync("again"), Is.EqualTo(1));
    }

    [TestCase("10.2", "GBP")]
    [TestCase("10.1", "EUR")]
    public async Task Another_amount_or_currency_under_a_known_id_is_409_and_changes_nothing(string value, string currency)
    {
        var id = $"taken-{value}-{currency}";
        await PayAsync(Request(id, 10.1m, "GBP"));

        var (status, body) = await PayAsync(Request(id, decimal.Parse(value, CultureInfo.InvariantCulture), currency));

        Assert.That(status, Is.EqualTo(HttpStatusCode.Conflict));
        Assert.That((string?)JsonNode.Parse(body)!["error"], Is.EqualTo($"payment id '{id}' was used before for another value or currency"));
        Assert.That(await _client.GetStringAsync($"/payments/{id}"), Does.Contain("10.10").And.Contain("GBP"));
    }

    [Test]
    public async Task Many_callers_with_one_id_at_the_same_instant_make_one_payment_and_get_equal_answers()
    {
        await using var other = new ProviderFactory(_database.ConnectionString, ("LEDGER_WRITERS", "4"), ("LEDGER_BATCH_MAX", "3"));
        using var elsewhere = other.CreateClient();
        for (var round = 0; round < 25; round++)
        {
            var request = Request($"instant-{round}", 5, "DKK");

            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(caller => PayAsync(request, caller % 2 == 0 ? _client : elsewhere)));

            Assert.That(answers.Distinct(), Is.EqualTo(new[] { (HttpStatusCode.OK, $$"""{"id":"instant-{{round}}"}""") }));
            Assert.That(await CountAsync($"instant-{round}"), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task A_payment_that_waits_for_another_transaction_holds_up_nobody_else()
    {
        await using var connection = new NpgsqlConnection(_database.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var insert = new NpgsqlCommand("INSERT INTO payments (id, value, currency) VALUES ('held', 1, 'EUR')", connection))
            await insert.ExecuteNonQueryAsync();

        var held = PayAsync(Request("held", 1, "EUR"));
        await Eventually.ThatAsync(async () => await ScalarAsync("SELECT $1 WHERE EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid')", "") is not null, "it waits");
        var (other, _) = await PayAsync(Request("not-held", 1, "EUR"));
        var waited = !held.IsCompleted;
        await transaction.RollbackAsync();

        Assert.That(other, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(waited, Is.True, "paid while the first one waited");
        Assert.That((await held).Status, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Of_two_amounts_for_one_id_at_the_same_instant_one_is_paid_and_the_other_refused()
    {
        for (var round = 0; round < 25; round++)
        {
            var id = $"rivals-{round}";

            var answers = await Task.WhenAll(PayAsync(Request(id, 1, "EUR")), PayAsync(Request(id, 2, "EUR")));

            Assert.That(answers.Select(answer => answer.Status), Is.EquivalentTo(new[] { HttpStatusCode.OK, HttpStatusCode.Conflict }));
            Assert.That(await CountAsync(id), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task What_is_paid_is_in_the_ledger()
    {
        var faker = new Faker { Random = new Randomizer(4217) };
        for (var i = 0; i < 20; i++)
        {
            var currency = faker.PickRandom(Currencies.Codes.Order(StringComparer.Ordinal).ToArray());
            Currencies.TryGetDecimals(currency, out var decimals);
            var (id, value) = (faker.Random.AlphaNumeric(12), decimal.Round(faker.Random.Decimal(1, 100_000), decimals));

            await PayAsync(Request(id, value, currency));

            using var entry = JsonDocument.Parse(await _client.GetStringAsync($"/payments/{id}"));
            Assert.That(entry.RootElement.GetProperty("id").GetString(), Is.EqualTo(id));
            Assert.That(entry.RootElement.GetProperty("value").GetRawText(), Is.EqualTo(value.ToString("F" + decimals, CultureInfo.InvariantCulture)));
            Assert.That(entry.RootElement.GetProperty("currency").GetString(), Is.EqualTo(currency));
            Assert.That(entry.RootElement.GetProperty("paidAt").GetDateTimeOffset(), Is.GreaterThan(DateTimeOffset.UnixEpoch));
        }
    }

    [TestCase("päyment ✓ 1")]
    [TestCase("a/b?c=d&e%2F")]
    public async Task An_id_of_any_printable_characters_can_be_paid(string id)
    {
        var (status, body) = await PayAsync(Request(id, 1, "EUR"));

        Assert.That((status, (string?)JsonNode.Parse(body)!["id"]), Is.EqualTo((HttpStatusCode.OK, id)));
        Assert.That(await CountAsync(id), Is.EqualTo(1));
    }

    [Test]
    public async Task An_id_that_was_never_paid_is_404()
    {
        using var answer = await _client.GetAsync("/payments/nobody");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
    }

    [Test]
    public async Task The_list_can_be_paged()
    {
        for (var i = 0; i < 5; i++)
            await PayAsync(Request($"~page-{i}", 1, "EUR"));

        var page = JsonNode.Parse(await _client.GetStringAsync("/payments?after=~page-1&limit=2"))!.AsArray();

        Assert.That(page.Select(entry => (string?)entry!["id"]), Is.EqualTo(new[] { "~page-2", "~page-3" }));
    }

    [TestCase("0")]
    [TestCase("-1")]
    [TestCase("many")]
    public async Task A_wrong_limit_is_400(string limit)
    {
        using var answer = await _client.GetAsync($"/payments?limit={limit}");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain($"limit: found '{limit}'"));
    }

    [Test]
    public void Whatever_amount_is_valid_is_paid_exactly_and_whatever_is_not_is_refused()
    {
        var amounts = from digits in Gen.Choose(-1_000, 1_000_000)
                      from scale in Gen.Choose(0, 5)
                      from currency in Gen.Elements("JPY", "EUR", "KWD", "CLF", "EURO", "ZZZ")
                      select (Value: new decimal(Math.Abs(digits), 0, 0, digits < 0, (byte)scale), Currency: currency);
        var round = 0;
        Prop.ForAll(amounts.ToArbitrary(), amount =>
        {
            var id = $"amount-{Interlocked.Increment(ref round)}";
            var valid = amount.Value > 0 && Currencies.TryGetDecimals(amount.Currency, out var decimals) && decimal.Round(amount.Value, decimals) == amount.Value;

            var (status, _) = PayAsync(Request(id, amount.Value, amount.Currency)).GetAwaiter().GetResult();

            var held = ValueAsync(id).GetAwaiter().GetResult();
            return valid ? status == HttpStatusCode.OK && held == amount.Value : status == HttpStatusCode.BadRequest && held is null;
        }).QuickCheckThrowOnFailure();
    }

    [Test]
    public async Task The_open_api_document_names_each_route_and_its_answers()
    {
        var document = JsonNode.Parse(await _client.GetStringAsync("/openapi/v1.json"))!;

        Assert.That(document["paths"]!.AsObject().Select(path => path.Key), Is.EquivalentTo(new[] { "/payments/pay", "/payments/{id}", "/payments" }));
        Assert.That(
            document["paths"]!["/payments/pay"]!["post"]!["responses"]!.AsObject().Select(answer => answer.Key),
            Is.EquivalentTo(new[] { "200", "400", "401", "403", "409", "413", "503" }));
        Assert.That(document["paths"]!["/payments/pay"]!["post"]!["requestBody"], Is.Not.Null);
    }

    internal static string Request(string id, decimal value, string currency) =>
        new JsonObject { ["id"] = id, ["value"] = value, ["currency"] = currency }.ToJsonString();

    private Task<(HttpStatusCode Status, string Body)> PayAsync(string request) => PayAsync(request, _client);

    private static async Task<(HttpStatusCode Status, string Body)> PayAsync(string request, HttpClient client)
    {
        using var content = new StringContent(request, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync("/payments/pay", content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path)
    {
        using var answer = await _client.GetAsync(path);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private async Task<long> CountAsync(string id) => (long)(await ScalarAsync("SELECT count(*) FROM payments WHERE id = $1", id))!;

    private async Task<decimal?> ValueAsync(string id) => (decimal?)await ScalarAsync("SELECT value FROM payments WHERE id = $1", id);

    private async Task<object?> ScalarAsync(string sql, string id)
    {
        await using var connection = new NpgsqlConnection(_database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = id } } };
        return await command.ExecuteScalarAsync();
    }
}
