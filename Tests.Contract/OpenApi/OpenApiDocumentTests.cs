using System.Text.Json.Nodes;
using Tests.Contract.Consumer;

namespace Tests.Contract.OpenApi;

[TestFixture]
internal sealed class OpenApiDocumentTests
{
    [TestCase("invoice-app")]
    [TestCase("payment-provider")]
    public async Task The_committed_document_is_what_the_code_gives(string service)
    {
        var given = await OpenApiDocuments.GivenAsync(service);
        var file = OpenApiDocuments.CommittedFile(service);
        if (File.Exists(file) && await File.ReadAllTextAsync(file) == given)
            return;

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, given);
        Assert.Fail($"the API has changed: Contracts/openapi/{service}.json was written anew; look at what git diff shows, and commit it");
    }

    [Test]
    public async Task Every_interaction_of_the_pact_is_allowed_by_the_providers_document()
    {
        var document = new OpenApiDocument(JsonNode.Parse(await File.ReadAllTextAsync(OpenApiDocuments.CommittedFile("payment-provider")))!);
        var pact = JsonNode.Parse(await File.ReadAllTextAsync(Pacts.CommittedFile))!;

        var faults = pact["interactions"]!.AsArray().SelectMany(interaction => document.Check(interaction!)).ToList();

        Assert.That(faults, Is.Empty);
        Assert.That(pact["interactions"]!.AsArray(), Has.Count.EqualTo(PaymentInteractions.All.Count));
    }

    [TestCase("$.request.path", "/payments/refund", "a payment: POST /payments/refund is not in the document")]
    [TestCase("$.request.method", "PUT", "a payment: PUT /payments/pay is not in the document")]
    [TestCase("$.response.status", 202, "a payment: 202 is no answer of POST /payments/pay: 200, 400, 401, 403, 409, 413, 503")]
    [TestCase("$.request.body.content.id", 1, "a payment: request.id: found 1, should be string")]
    [TestCase("$.request.body.content.currency", null, "a payment: request.currency: found null, should be string")]
    [TestCase("$.response.body.content.id", true, "a payment: response.id: found true, should be string")]
    [TestCase("$.response.headers.Content-Type[0]", "text/html", "a payment: text/html is no content of 200: application/json")]
    public async Task An_interaction_that_the_document_does_not_allow_is_named(string path, object? value, string fault)
    {
        var document = new OpenApiDocument(JsonNode.Parse(await File.ReadAllTextAsync(OpenApiDocuments.CommittedFile("payment-provider")))!);
        var interaction = JsonNode.Parse(await File.ReadAllTextAsync(Pacts.CommittedFile))!["interactions"]!.AsArray().Single(one => (string)one!["description"]! == "a payment")!;
        Set(interaction, path[2..].Split('.'), value);

        Assert.That(document.Check(interaction), Is.EqualTo(new[] { fault }));
    }

    [Test]
    public async Task A_required_field_left_out_is_named()
    {
        var document = new OpenApiDocument(JsonNode.Parse(await File.ReadAllTextAsync(OpenApiDocuments.CommittedFile("payment-provider")))!);
        var interaction = JsonNode.Parse(await File.ReadAllTextAsync(Pacts.CommittedFile))!["interactions"]!.AsArray().Single(one => (string)one!["description"]! == "a payment")!;
        interaction["request"]!["body"]!["content"]!.AsObject().Remove("value");

        Assert.That(document.Check(interaction), Is.EqualTo(new[] { "a payment: request.value: missing, and required" }));
    }

    private static void Set(JsonNode at, string[] path, object? value)
    {
        foreach (var step in path[..^1])
            at = at[step]!;
        var (name, index) = path[^1].EndsWith("[0]", StringComparison.Ordinal) ? (path[^1][..^3], 0) : (path[^1], -1);
        if (index >= 0)
            at[name]![index] = JsonValue.Create((string)value!);
        else
            at[name] = JsonValue.Create(value);
    }
}
