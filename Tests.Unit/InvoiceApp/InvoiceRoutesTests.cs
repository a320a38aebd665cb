using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Postgres;
using Tests.Unit.Postgres;

namespace InvoiceApp.Tests;

[TestFixture]
internal sealed class InvoiceRoutesTests
{
    private IPostgresDatabase _database = null!;
    private InvoiceAppFactory _app = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task Start()
    {
        _database = await TestPostgres.DatabaseAsync("routes");
        _app = new InvoiceAppFactory(_database, "http://127.0.0.1:1");
        _client = await _app.ReadyAsync();
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        _client?.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    [Test, Order(0)]
    public async Task The_list_is_a_bare_array_with_the_challenges_keys_and_invoices()
    {
        using var answer = await _client.GetAsync("/invoices");

        Assert.That(answer.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/json; charset=utf-8"));
        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo(
            """[{"InvoiceId":"I1","Value":12.15,"Currency":"EUR","IsPaid":false},{"InvoiceId":"I2","Value":10.25,"Currency":"GBP","IsPaid":false},{"InvoiceId":"I3","Value":66.13,"Currency":"DKK","IsPaid":false}]"""));
    }

    [TestCase("GET", "/readiness")]
    [TestCase("GET", "/invoices")]
    [TestCase("GET", "/invoices?after=I1")]
    [TestCase("GET", "/invoices/I1")]
    [TestCase("POST", "/invoices")]
    [TestCase("POST", "/invoices/I1/retry")]
    public async Task Connections_that_died_in_the_pool_are_no_callers_concern(string method, string path)
    {
        await DeadConnections.LeaveAsync(_database, "invoice-app", "invoices", () => _client.GetAsync("/invoices/I1"));

        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (path == "/invoices")
            request.Content = new StringContent(method == "POST" ? """{"InvoiceId":"I1","Value":12.15,"Currency":"EUR"}""" : "");
        using var answer = await _client.SendAsync(request);

        Assert.That((int)answer.StatusCode, Is.EqualTo(200), await answer.Content.ReadAsStringAsync());
    }

    [TestCase("?limit=2", "I1 I2")]
    [TestCase("?after=I1&limit=1", "I2")]
    [TestCase("?paid=true", "")]
    [TestCase("?paid=false&limit=1&after=I2", "I3")]
    public async Task The_list_can_be_taken_in_pages(string query, string ids) =>
        Assert.That(string.Join(' ', (await _client.ListAsync(query)).Select(invoice => invoice.Id)), Is.EqualTo(ids));

    [TestCase("?paid=maybe", "paid: found 'maybe', should be true or false")]
    [TestCase("?limit=0", "limit: found '0', should be a whole number from 1")]
    [TestCase("?limit=x", "limit: found 'x', should be a whole number from 1")]
    [TestCase("?after=nobody", "after: found 'nobody', should be the InvoiceId of an invoice")]
    public async Task A_wrong_question_is_400_and_says_what_would_be_right(string query, string detail)
    {
        using var answer = await _client.GetAsync("/invoices" + query);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(answer.Content.Headers.ContentType!.MediaType, Is.EqualTo("application/problem+json"));
        Assert.That((string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["detail"], Is.EqualTo(detail));
    }

    [Test]
    public async Task One_invoice_is_shown_with_its_state() =>
        Assert.That(await _client.GetStringAsync("/invoices/I1"), Is.EqualTo(
            """{"InvoiceId":"I1","Value":12.15,"Currency":"EUR","IsPaid":false,"State":"unpaid","Reason":null,"DecidedAt":null}"""));

    [TestCase("/invoices", 200)]
    [TestCase("/invoices?after=nobody", 400)]
    [TestCase("/healthz", 200)]
    [TestCase("/readiness", 200)]
    [TestCase("/invoices/I1", 200)]
    [TestCase("/invoices/nobody", 404)]
    public async Task HEAD_answers_as_GET_without_a_body(string path, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Head, path);
        using var answer = await _client.SendAsync(request);

        Assert.That(((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()), Is.EqualTo((status, "")));
    }

    [TestCase("GET", "/nowhere", 404, "there is nothing at '/nowhere'; /openapi/v1.json tells what there is")]
    [TestCase("DELETE", "/invoices/I1", 405, "DELETE is not for '/invoices/I1', which takes GET, HEAD")]
    public async Task What_is_not_there_is_told_with_what_is(string method, string path, int status, string detail)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await _client.SendAsync(request);

        Assert.That(((int)answer.StatusCode, (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["detail"]), Is.EqualTo((status, detail)));
    }

    [Test]
    public async Task One_invoice_is_kept_and_found()
    {
        using var answer = await _client.PostInvoicesAsync(new { InvoiceId = "one", Value = 7.5m, Currency = "EUR" });

        Assert.That(((int)answer.StatusCode, answer.Headers.Location!.OriginalString), Is.EqualTo((201, "/invoices/one")));
        var expected = """{"InvoiceId":"one","Value":7.5,"Currency":"EUR","IsPaid":false,"State":"unpaid","Reason":null,"DecidedAt":null}""";
        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo(expected));
        Assert.That(await _client.GetStringAsync("/invoices/one"), Is.EqualTo(expected));
    }

    [Test]
    public async Task The_same_invoice_again_changes_nothing_and_a_different_one_is_409()
    {
        await _client.PostInvoicesAsync(new { InvoiceId = "twice", Value = 7.5m, Currency = "EUR" });

        using var same = await _client.PostInvoicesAsync(new { InvoiceId = "twice", Value = 7.50m, Currency = "EUR" });
        using var dearer = await _client.PostInvoicesAsync(new[] { new { InvoiceId = "fresh", Value = 1m, Currency = "EUR" }, new { InvoiceId = "twice", Value = 7.51m, Currency = "EUR" } });

        Assert.That(((int)same.StatusCode, (int)dearer.StatusCode), Is.EqualTo((200, 409)));
        Assert.That((string?)JsonNode.Parse(await dearer.Content.ReadAsStringAsync())!["conflicts"]![0], Is.EqualTo("twice"));
        Assert.That((await _client.GetAsync("/invoices/fresh")).StatusCode, Is.EqualTo(HttpStatusCode.NotFound), "all or none");
    }

    [Test]
    public async Task Many_are_kept_in_their_order()
    {
        using var answer = await _client.PostInvoicesAsync(new[] { "z", "b", "y" }.Select(id => new { InvoiceId = id, Value = 1m, Currency = "JPY" }));

        Assert.That(((int)answer.StatusCode, await answer.Content.ReadAsStringAsync()), Is.EqualTo((201, """{"created":3,"known":0}""")));
        Assert.That((await _client.ListAsync()).Select(invoice => invoice.Id).Where(id => id is "z" or "b" or "y"), Is.EqualTo((string[])["z", "b", "y"]));
    }

    [TestCase("", "body is not JSON")]
    [TestCase("{", "body is not JSON")]
    [TestCase("[]", "the array is empty")]
    [TestCase("7", "found a number, should be an object")]
    [TestCase("{}", "InvoiceId is missing; Value is missing; Currency is missing")]
    [TestCase("""{"InvoiceId":"","Value":1,"Currency":"EUR"}""", "InvoiceId found ''")]
    [TestCase("""{"InvoiceId":"a b","Value":1,"Currency":"EUR"}""", "InvoiceId found 'a b'")]
    [TestCase("""{"InvoiceId":"../x","Value":1,"Currency":"EUR"}""", "InvoiceId found '../x'")]
    [TestCase("""{"InvoiceId":7,"Value":1,"Currency":"EUR"}""", "InvoiceId found a number, should be a text")]
    [TestCase("""{"InvoiceId":"a","Value":"1","Currency":"EUR"}""", "Value found a text, should be a number such as 12.15")]
    [TestCase("""{"InvoiceId":"a","Value":0,"Currency":"EUR"}""", "Value 0 is not positive")]
    [TestCase("""{"InvoiceId":"a","Value":-1,"Currency":"EUR"}""", "Value -1 is not positive")]
    [TestCase("""{"InvoiceId":"a","Value":1.001,"Currency":"EUR"}""", "Value 1.001 is too precise: EUR has 2 decimals")]
    [TestCase("""{"InvoiceId":"a","Value":1.5,"Currency":"JPY"}""", "Value 1.5 is too precise: JPY has 0 decimals")]
    [TestCase("""{"InvoiceId":"a","Value":1e300,"Currency":"EUR"}""", "Value 1e300 has more than 15 digits")]
    [TestCase("""{"InvoiceId":"a","Value":0.10000000000000000000000000000000001,"Currency":"EUR"}""", "has more than 4 decimals")]
    [TestCase("""{"InvoiceId":"a","Value":1,"Currency":"eur"}""", "Currency 'eur' is not a code of ISO 4217")]
    [TestCase("""{"InvoiceId":"a","Value":1,"Currency":"XXX"}""", "Currency 'XXX' is not a code of ISO 4217")]
    [TestCase("""{"InvoiceId":"a","Value":1,"Currency":"EUR","Colour":"red"}""", "Colour is no field of an invoice")]
    [TestCase("""{"InvoiceId":"a","Value":1,"Value":2,"Currency":"EUR"}""", "Value is there more than once")]
    [TestCase("""{"InvoiceId":"a","Value":1,"Currency":"EUR","IsPaid":true}""", "IsPaid found true, should be absent or false")]
    [TestCase("""[{"InvoiceId":"a","Value":1,"Currency":"EUR"},{"InvoiceId":"a","Value":1,"Currency":"EUR"}]""", "[1].InvoiceId 'a' is in the array more than once")]
    [TestCase("""[{"InvoiceId":"a","Value":1,"Currency":"EUR"},3]""", "[1] found a number")]
    public async Task A_faulty_invoice_is_400_and_each_fault_is_named(string body, string fault)
    {
        using var answer = await _client.PostAsync("/invoices", new StringContent(body, Encoding.UTF8, "text/plain"));

        Assert.That((int)answer.StatusCode, Is.EqualTo(400));
        Assert.That((string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["detail"], Does.StartWith("nothing was kept: ").And.Contain(fault));
        Assert.That((await _client.GetAsync("/invoices/a")).StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Every_fault_of_every_invoice_is_listed()
    {
        using var answer = await _client.PostAsync("/invoices", new StringContent("""[{"InvoiceId":"a","Value":-1},{"InvoiceId":"ok","Value":1,"Currency":"EUR"},{"Value":1.234,"Currency":"EUR"},{"InvoiceId":"","Value":0,"Currency":"eur"},{"InvoiceId":"b","Value":"1","Currency":"eur"}]"""));

        Assert.That(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["errors"]!.AsArray().Select(error => $"{error!["index"]} {error["field"]}"),
            Is.EqualTo((string[])["0 Currency", "0 Value", "2 InvoiceId", "2 Value", "3 InvoiceId", "3 Value", "3 Currency", "4 Value", "4 Currency"]));
    }

    [TestCase("/invoices/nobody/retry", 404)]
    [TestCase("/invoices/I1/retry", 200, Description = "unpaid: it will be tried anyway")]
    public async Task Retry_of_what_was_not_refused(string path, int status)
    {
        using var answer = await _client.PostAsync(path, content: null);

        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
    }

    [Test]
    public async Task Retry_of_a_paid_invoice_is_409()
    {
        await _client.AddAsync(new { InvoiceId = "paid", Value = 1, Currency = "EUR" });
        await _database.ExecuteAsync("UPDATE invoices SET state = 'paid', decided_at = now() WHERE id = 'paid'");

        using var answer = await _client.PostAsync("/invoices/paid/retry", content: null);

        Assert.That((int)answer.StatusCode, Is.EqualTo(409));
        await _database.ExecuteAsync("DELETE FROM invoices WHERE id = 'paid'");
    }

    [Test]
    public async Task The_OpenAPI_document_names_every_route()
    {
        var document = JsonNode.Parse(await _client.GetStringAsync("/openapi/v1.json"))!;

        Assert.That(document["paths"]!.AsObject().Select(path => path.Key), Is.EquivalentTo((string[])["/invoices", "/invoices/{id}", "/invoices/pay", "/invoices/{id}/retry"]));
    }
}
