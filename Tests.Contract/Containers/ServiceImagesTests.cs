using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Tests.Contract.Provider;

namespace Tests.Contract.Containers;

/// <summary>
/// Both images on a Docker engine, as eng/try-images.sh builds and names them (INVOICE_APP_IMAGE, PAYMENT_PROVIDER_IMAGE): that they start with
/// the rights that the manifests leave them, pay every invoice, and end when they are told to. The contract's own tests use that provider then.
/// </summary>
[TestFixture]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ServiceImagesTests
{
    public const string InvoiceApp = "INVOICE_APP_IMAGE";
    public const string PaymentProvider = "PAYMENT_PROVIDER_IMAGE";

    [SetUp]
    public void NeedsThem()
    {
        foreach (var setting in (string[])[InvoiceApp, PaymentProvider])
            if (ServiceContainer.Image(setting) is null)
                Assert.Ignore($"{setting} names no image: eng/try-images.sh builds both and runs these tests, where a Docker engine is");
    }

    [TestCase(InvoiceApp, "invoice-app")]
    [TestCase(PaymentProvider, "payment-provider")]
    public async Task An_image_says_what_it_is_and_whose_it_runs_as(string setting, string title)
    {
        var told = JsonElement.Parse(await ServiceContainer.DockerAsync(["image", "inspect", "--format", "{{json .Config}}", ServiceContainer.Image(setting)!]));

        Assert.That(told.GetProperty("User").GetString(), Is.EqualTo("1654"));
        Assert.That(told.GetProperty("Labels").GetProperty("org.opencontainers.image.title").GetString(), Is.EqualTo(title));
        foreach (var label in (string[])["description", "version", "revision", "base.name"])
            Assert.That(told.GetProperty("Labels").GetProperty("org.opencontainers.image." + label).GetString(), Is.Not.Empty, label);
    }

    [Test]
    public async Task Both_containers_together_pay_every_invoice_once_and_end_when_told_to()
    {
        await using var provider = await ContractPostgres.ProviderOrSkipAsync();
        await using var database = await ContractPostgres.Shared.DatabaseAsync("invoices");
        var token = (await provider.SetUpAsync(new ProviderState(Contracts.ProviderStates.NotPaid, new Dictionary<string, string>(StringComparer.Ordinal) { ["id"] = "none" }), default))["token"];
        var folder = Directory.CreateTempSubdirectory("image-token-");
        try
        {
            var file = Path.Combine(folder.FullName, "token");
            await File.WriteAllTextAsync(file, token);
            await using var invoices = await ServiceContainer.StartAsync(
                ServiceContainer.Image(InvoiceApp)!,
                new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["DATABASE"] = database.ConnectionString,
                    ["PAYMENT_PROVIDER_URL"] = provider.Url.AbsoluteUri,
                    ["PAYMENT_TOKEN_FILE"] = "/var/run/secrets/payment-provider/token",
                },
                new Dictionary<string, string>(StringComparer.Ordinal) { ["/var/run/secrets/payment-provider/token"] = file });
            using var client = new HttpClient { BaseAddress = invoices.Url };
            await ReadyAsync(client);

            using var paid = await client.PostAsync("/invoices/pay", null);
            var listed = JsonElement.Parse(await client.GetStringAsync("/invoices")).EnumerateArray().ToList();
            var shell = await invoices.ExecAsync("/bin/sh", "-c", "true");

            Assert.That(paid.StatusCode, Is.EqualTo(HttpStatusCode.OK), await paid.Content.ReadAsStringAsync());
            Assert.That(listed.Select(invoice => invoice.GetProperty("InvoiceId").GetString()), Is.EqualTo((string[])["I1", "I2", "I3"]));
            Assert.That(listed.Select(invoice => invoice.GetProperty("IsPaid").GetBoolean()), Is.All.True);
            Assert.That(await LedgerAsync(provider.Url, token), Is.EquivalentTo((string[])["I1", "I2", "I3"]));
            Assert.That(shell.ExitCode, Is.Not.Zero, "there is a shell in it");
            Assert.That(await invoices.StopAsync(), Is.Zero, "it ends by itself, and well");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static Task ReadyAsync(HttpClient client) => Eventually.ThatAsync(async () =>
    {
        using var answer = await client.GetAsync("/readiness");
        return answer.IsSuccessStatusCode;
    }, "the container is ready");

    private static async Task<IEnumerable<string?>> LedgerAsync(Uri provider, string token)
    {
        using var client = new HttpClient { BaseAddress = provider };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return [.. JsonElement.Parse(await client.GetStringAsync("/payments")).EnumerateArray().Select(payment => payment.GetProperty("id").GetString())];
    }
}
