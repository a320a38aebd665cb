using System.Text.Json.Nodes;
using PactNet.Exceptions;
using Tests.Contract.Consumer;

namespace Tests.Contract.Provider;

/// <summary>The pact bites: each way of breaking it is noticed, in words that name the difference.</summary>
[TestFixture]
internal sealed class BreakageTests
{
    private ProviderUnderTest _real = null!;

    public static IEnumerable<TestCaseData> Breakages()
    {
        yield return Break("a field renamed", "$ -> Actual map is missing the following keys: id", (_, answer) =>
        {
            if (answer.Status == 200)
                answer.Body = new JsonObject { ["paymentId"] = answer.Body["id"]!.DeepClone() };
        });
        yield return Break("a status changed: 400 to 422", "expected 400 but was 422", (_, answer) => answer.Status = answer.Status == 400 ? 422 : answer.Status);
        yield return Break("a status changed: 200 to 201", "expected 200 but was 201", (_, answer) => answer.Status = answer.Status == 200 ? 201 : answer.Status);
        yield return Break("a status changed: 409 to 400", "expected 409 but was 400", (_, answer) => answer.Status = answer.Status == 409 ? 400 : answer.Status);
        yield return Break("a type changed: the id as a list", "$.id -> ", (_, answer) =>
        {
            if (answer.Status == 200)
                answer.Body["id"] = new JsonArray(answer.Body["id"]!.DeepClone());
        });
        yield return Break("a type changed: the error as an object", "$.error -> ", (_, answer) =>
        {
            if (answer.Body.ContainsKey("error"))
                answer.Body["error"] = new JsonObject { ["text"] = answer.Body["error"]!.DeepClone() };
        });
        yield return Break("an error text dropped", "$ -> Actual map is missing the following keys: error", (_, answer) => answer.Body.Remove("error"));
        yield return Break("an error text changed", "$.error -> Expected 'missing id' (String) to be equal to 'could not retrieve payment id' (String)", (_, answer) =>
        {
            if ((string?)answer.Body["error"] == "could not retrieve payment id")
                answer.Body["error"] = "missing id";
        });
        yield return Break("a problem without its detail", "$ -> Actual map is missing the following keys: detail", (_, answer) => answer.Body.Remove("detail"));
        yield return Break("another payment's id", "$.id -> Expected 'another' (String) to be equal to 'I1' (String)", (_, answer) =>
        {
            if (answer.Status == 200)
                answer.Body["id"] = "another";
        });
        yield return Break("a new required field", "expected 200 but was 400", (request, answer) =>
        {
            if (answer.Status == 200 && !request.ContainsKey("reference"))
                (answer.Status, answer.Body) = (400, new JsonObject { ["error"] = "could not retrieve payment reference" });
        });
        yield return Break("Retry-After dropped", "Expected header 'Retry-After' to have value '\"1\"' but was ''", (_, answer) => answer.Headers.Remove("Retry-After"));
        yield return Break("a content type changed", "Expected header 'Content-Type' to have value 'application/json' but was 'text/plain'", (_, answer) => answer.Headers["Content-Type"] = "text/plain");
        yield return Break("everybody let in", "expected 403 but was 200", (request, answer) =>
        {
            if (answer.Status == 403)
                (answer.Status, answer.Body, answer.Headers["Content-Type"]) = (200, new JsonObject { ["id"] = request["id"]!.DeepClone() }, "application/json");
        });

        static TestCaseData Break(string how, string told, Action<JsonObject, Answer> change) => new TestCaseData(how, told, change).SetArgDisplayNames(how);
    }

    [OneTimeSetUp]
    public async Task Start() => _real = await ContractPostgres.ProviderOrSkipAsync();

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_real is not null)
            await _real.DisposeAsync();
    }

    [Test]
    public async Task A_provider_behind_the_same_door_that_changes_nothing_keeps_the_pact() => Assert.That(await VerifyAsync((_, _) => { }), Is.Null);

    [TestCaseSource(nameof(Breakages))]
    public async Task A_provider_that_breaks_the_pact_is_told_how(string how, string told, Action<JsonObject, Answer> change)
    {
        var report = await VerifyAsync(change);

        Assert.That(report, Is.Not.Null, $"{how}: the verification did not notice");
        Assert.That(report, Does.Contain(told));
    }

    /// <returns>The verifier's report of what is broken; null when the pact is kept.</returns>
    private async Task<string?> VerifyAsync(Action<JsonObject, Answer> change)
    {
        await using var broken = await BrokenProvider.StartAsync(_real.Url, change);
        var output = new RecordedOutput();
        try
        {
            await Verification.RunAsync(broken.Url, _real.StatesUrl, new FileInfo(Pacts.CommittedFile), output);
            return null;
        }
        catch (DllNotFoundException missing)
        {
            Assert.Ignore(missing.Message);
            throw;
        }
        catch (PactVerificationFailedException)
        {
            return output.Text;
        }
    }
}
