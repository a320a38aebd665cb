using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Postgres;
using InvoiceApp.Payments;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Tests.Unit.Postgres;
using WireMock.Server;

namespace InvoiceApp.Tests;

/// <summary>Puts defects of the challenge's original back, and shows that what the other tests ask would notice.</summary>
[TestFixture]
internal sealed class DefectsAreNoticedTests
{
    private IPostgresDatabase _database = null!;
    private WireMockServer _provider = null!;

    [SetUp]
    public async Task Start()
    {
        _database = await TestPostgres.DatabaseAsync("defects");
        _provider = WireMockServer.Start();
    }

    [TearDown]
    public async Task Stop()
    {
        _provider?.Dispose();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    [Test]
    public async Task A_client_that_ignores_the_status_marks_what_was_refused_as_paid()
    {
        _provider.AcceptsAll();
        _provider.Refuses("I2");
        await using var sound = new InvoiceAppFactory(_database, _provider.Url!);
        using var soundClient = await sound.ReadyAsync();
        await using var other = await TestPostgres.DatabaseAsync("defects");
        await using var broken = new InvoiceAppFactory(other, _provider.Url!).WithWebHostBuilder(builder => builder.ConfigureTestServices(services =>
            services.AddHttpClient(nameof(PaymentClient)).AddHttpMessageHandler(() => new IgnoresTheStatus())));
        using var brokenClient = broken.CreateClient();
        await Eventually.ThatAsync(async () => (await brokenClient.GetAsync("/readiness")).IsSuccessStatusCode, "the broken one is ready");

        Assert.That(await TellsTheRefusalAsync(soundClient), Is.True);
        Assert.That(await TellsTheRefusalAsync(brokenClient), Is.False);

        static async Task<bool> TellsTheRefusalAsync(HttpClient client)
        {
            var (status, _) = await client.PayAsync();
            return status == 502 && (await client.ListAsync()).Contains(("I2", false));
        }
    }

    [Test]
    public async Task Replicas_that_each_keep_their_own_invoices_disagree_and_pay_twice()
    {
        _provider.AcceptsAll();
        await using var one = new InvoiceAppFactory(_database, _provider.Url!);
        await using var other = new InvoiceAppFactory(_database, _provider.Url!);
        await using var elsewhere = await TestPostgres.DatabaseAsync("defects");
        await using var alone = new InvoiceAppFactory(elsewhere, _provider.Url!);
        using var first = await one.ReadyAsync();
        using var second = await other.ReadyAsync();
        using var third = await alone.ReadyAsync();
        await first.PayAsync();

        Assert.That(await AgreesAsync(second), Is.True);
        Assert.That(await AgreesAsync(third), Is.False);

        async Task<bool> AgreesAsync(HttpClient replica)
        {
            var agrees = (await replica.ListAsync()).All(invoice => invoice.IsPaid);
            await replica.PayAsync();
            return agrees && _provider.LogEntries.Count == 3;
        }
    }

    /// <summary>What the original did: whatever the provider says is taken for a payment.</summary>
    private sealed class IgnoresTheStatus : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var id = JsonNode.Parse(await request.Content!.ReadAsStringAsync(cancellationToken))!["id"]!.ToJsonString();
            (await base.SendAsync(request, cancellationToken)).Dispose();
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent($$"""{"id":{{id}}}""", Encoding.UTF8, "application/json") };
        }
    }
}
