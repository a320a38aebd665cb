using System.Net.Http.Headers;
using System.Text;
using Contracts;
using InvoiceApp.Payments;
using PactNet.Exceptions;

namespace Tests.Contract.Consumer;

/// <summary>A consumer that sends something else than its pact says fails on its own side, and no pact is written.</summary>
[TestFixture]
internal sealed class ConsumerBreakageTests
{
    private const string Right = """{"id":"I1","value":12.15,"currency":"EUR"}""";
    private DirectoryInfo _folder = null!;

    [SetUp]
    public void Start() => _folder = Directory.CreateTempSubdirectory("pacts-");

    [TearDown]
    public void Stop() => _folder.Delete(recursive: true);

    [TestCase("""{"paymentId":"I1","value":12.15,"currency":"EUR"}""", "Expected a Map with keys [currency, id, value] but received one with keys [currency, paymentId, value]", TestName = "a field renamed")]
    [TestCase("""{"id":"I1","value":12.15}""", "Expected a Map with keys [currency, id, value] but received one with keys [id, value]", TestName = "a field left out")]
    [TestCase("""{"id":"I1","value":"12.15","currency":"EUR"}""", "'12.15' (String)", TestName = "a type changed")]
    [TestCase("""{"id":"I1","value":12.16,"currency":"EUR"}""", "12.16", TestName = "a value changed")]
    [TestCase("""{"id":"I1","value":12.15,"currency":"EUR","reference":"R"}""", "reference", TestName = "a field added")]
    public async Task Another_body_is_noticed(string body, string told) => Assert.That(await SendAsync(body), Does.Contain(told));

    [Test]
    public async Task Another_path_is_noticed() => Assert.That(await SendAsync(Right, path: "/payments"), Does.Contain("request-not-found").And.Contain("missing-request"));

    [Test]
    public async Task Another_content_type_is_noticed() => Assert.That(await SendAsync(Right, contentType: "text/plain"), Does.Contain("Content-Type").IgnoreCase);

    [Test]
    public async Task A_header_left_out_is_noticed() => Assert.That(await SendAsync(Right, token: null), Does.Contain("Authorization").IgnoreCase);

    [Test]
    public async Task Silence_is_noticed()
    {
        var output = new RecordedOutput();
        var pact = Begin(output);

        Assert.That(async () => await pact.VerifyAsync(_ => Task.CompletedTask), Throws.TypeOf<PactFailureException>());
        Assert.That(output.Text, Does.Contain("missing-request"));
        Assert.That(_folder.GetFiles(), Is.Empty);
    }

    [TestCase("\"id\":", "\"invoice\":", "Expected a Map with keys [currency, id, value] but received one with keys [currency, invoice, value]", TestName = "invoice-app renames a field")]
    [TestCase("12.15", "1215", "Expected 1215 (Integer) to be equal to 12.15 (Decimal)", TestName = "invoice-app sends cents")]
    public async Task Invoice_apps_own_client_changed_fails_its_test_with_the_difference(string from, string to, string told)
    {
        var noticed = "";
        using (new NUnit.Framework.Internal.TestExecutionContext.IsolatedContext())
        {
            try
            {
                await Pacts.WriteAsync(PaymentInteractions.All[0], _folder.FullName, body => body.Replace(from, to, StringComparison.Ordinal));
            }
            catch (AssertionException failure)
            {
                noticed = failure.Message;
            }
        }

        Assert.That(noticed, Does.StartWith("a payment: invoice-app does something else than its pact says: ").And.Contain(told));
        Assert.That(_folder.GetFiles(), Is.Empty, "no pact is written");
    }

    [Test]
    public async Task A_client_that_does_not_understand_the_answer_fails_its_test()
    {
        // The answer that the pact promises is for another payment: invoice-app's client must not take it for its own.
        var pact = Pacts.Begin(_folder.FullName);
        (PaymentInteractions.All[0] with { Answer = new { id = "I2" } }).Define(pact);
        var outcome = default(PaymentOutcome);

        await pact.VerifyAsync(async mock =>
        {
            await using var consumer = new PaymentConsumer(mock.MockServerUri);
            outcome = await consumer.Client.PayAsync("I1", 12.15m, "EUR", CancellationToken.None);
        });

        Assert.That(outcome.Kind, Is.EqualTo(PaymentOutcomeKind.Nonsense));
    }

    private PactNet.IPactBuilderV4 Begin(RecordedOutput output)
    {
        var pact = Pacts.Begin(_folder.FullName, output);
        PaymentInteractions.All.Single(interaction => interaction is { Description: "a payment", State: ProviderStates.NotPaid }).Define(pact);
        return pact;
    }

    private async Task<string> SendAsync(string body, string path = "/payments/pay", string contentType = "application/json", string? token = PaymentConsumer.ExampleToken)
    {
        var output = new RecordedOutput();
        var pact = Begin(output);
        using var client = new HttpClient();

        Assert.That(
            async () => await pact.VerifyAsync(async mock =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(mock.MockServerUri, path))
                {
                    Content = new StringContent(body, Encoding.UTF8) { Headers = { ContentType = new MediaTypeHeaderValue(contentType) } },
                };
                request.Headers.Accept.ParseAdd("application/json");
                if (token is not null)
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
                using var answer = await client.SendAsync(request);
                Assert.That(answer.IsSuccessStatusCode, Is.False);
            }),
            Throws.TypeOf<PactFailureException>());
        Assert.That(_folder.GetFiles(), Is.Empty, "no pact is written");
        return output.Text;
    }
}
