using ClusterSim.Postgres;
using Tests.Unit.Postgres;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace InvoiceApp.Tests;

/// <summary>Several instances on one database: what one does, all know, and none does again.</summary>
[TestFixture]
internal sealed class SplitBrainTests
{
    private IPostgresDatabase _database = null!;
    private WireMockServer _provider = null!;

    [SetUp]
    public async Task Start()
    {
        _database = await TestPostgres.DatabaseAsync("replicas");
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
    public async Task What_one_replica_paid_every_replica_knows_to_be_paid()
    {
        _provider.AcceptsAll();
        await using var one = new InvoiceAppFactory(_database, _provider.Url!);
        await using var other = new InvoiceAppFactory(_database, _provider.Url!);
        using var first = await one.ReadyAsync();
        using var second = await other.ReadyAsync();

        await first.PayAsync();

        Assert.That(await second.ListAsync("?paid=false"), Is.Empty);
        Assert.That(((await second.PayAsync()).Body["alreadyPaid"]!.ToString(), _provider.LogEntries.Count), Is.EqualTo(("3", 3)));
    }

    [Test]
    public async Task Replicas_that_pay_at_once_ask_for_each_payment_once_and_both_say_the_truth()
    {
        await using var one = new InvoiceAppFactory(_database, _provider.Url!, ("PAY_BATCH", "20"));
        await using var other = new InvoiceAppFactory(_database, _provider.Url!, ("PAY_BATCH", "20"));
        using var first = await one.ReadyAsync();
        using var second = await other.ReadyAsync();
        await first.AddAsync(PayingTests.Invoices(997));
        _provider.AcceptsAll();
        _provider.Refuses("N500");

        var answers = await Task.WhenAll(first.PayAsync(), second.PayAsync(), first.PayAsync(), second.PayAsync());

        Assert.That(_provider.Asked(), Is.Unique.And.Length.EqualTo(1000));
        Assert.That(answers.Sum(answer => (long)answer.Body["paid"]!), Is.EqualTo(999));
        foreach (var (status, body) in answers)
        {
            var refused = (long)body["refused"]! + (long)body["refusedEarlier"]!;
            Assert.That((refused, (long)body["left"]!), Is.EqualTo((1, 0)), body.ToJsonString());
            Assert.That((long)body["paid"]! + (long)body["paidByOthers"]! + (long)body["alreadyPaid"]!, Is.EqualTo(999), body.ToJsonString());
            Assert.That(status, Is.EqualTo((long)body["refused"]! == 1 ? 502 : 200));
        }

        Assert.That(await first.ListAsync("?paid=false"), Is.EqualTo(((string, bool)[])[("N500", false)]));
    }

    [Test]
    public async Task A_call_that_finds_others_paying_waits_and_reports_what_came_of_it()
    {
        _provider.Given(StubbedProvider.Payment("I2")).RespondWith(Response.Create().WithDelay(TimeSpan.FromSeconds(1)).WithBodyAsJson(new { id = "I2" }));
        _provider.AcceptsAll();
        await using var one = new InvoiceAppFactory(_database, _provider.Url!);
        await using var other = new InvoiceAppFactory(_database, _provider.Url!);
        using var first = await one.ReadyAsync();
        using var second = await other.ReadyAsync();

        var paying = first.PayAsync();
        await Eventually.ThatAsync(async () => (await second.StateAsync("I2")).State == "claimed", "the first has claimed");
        var (status, body) = await second.PayAsync();

        Assert.That((status, (long)body["paid"]!, (long)body["left"]!), Is.EqualTo((200, 0, 0)), body.ToJsonString());
        Assert.That((await second.StateAsync("I2")).State, Is.EqualTo("paid"), "it did not answer before the other was done");
        Assert.That((await paying).Status, Is.EqualTo(200));
        Assert.That(_provider.Asked(), Is.Unique);
    }

    [Test]
    public async Task Waiting_for_others_ends_and_says_so()
    {
        await using var app = new InvoiceAppFactory(_database, _provider.Url!, ("PAY_WAIT_SECONDS", "0.2"));
        using var client = await app.ReadyAsync();
        _provider.AcceptsAll();
        await _database.ExecuteAsync("UPDATE invoices SET state = 'claimed', claimed_by = 'somebody', lease_until = now() + interval '1 hour' WHERE id = 'I1'");

        var (status, body) = await client.PayAsync();

        Assert.That((status, (long)body["paid"]!, (long)body["left"]!), Is.EqualTo((503, 2, 1)));
        Assert.That((string?)body["invoices"]![0]!["why"], Is.EqualTo("beingPaid"));
    }

    [Test]
    public async Task A_dead_holders_claim_is_taken_over_after_its_lease_by_the_databases_clock()
    {
        await using var app = new InvoiceAppFactory(_database, _provider.Url!);
        using var client = await app.ReadyAsync();
        _provider.AcceptsAll();
        await _database.ExecuteAsync("UPDATE invoices SET state = 'claimed', claimed_by = 'the dead', lease_until = clock_timestamp() + interval '0.5 s'");

        var (status, body) = await client.PayAsync();

        Assert.That((status, (long)body["paid"]!), Is.EqualTo((200, 3)), body.ToJsonString());
        Assert.That(_provider.Asked(), Is.Unique.And.Length.EqualTo(3));
    }

    [Test]
    public async Task A_slow_payment_keeps_its_claim_beyond_the_lease()
    {
        _provider.Given(StubbedProvider.Payment("I1")).RespondWith(Response.Create().WithDelay(TimeSpan.FromSeconds(3)).WithBodyAsJson(new { id = "I1" }));
        _provider.AcceptsAll();
        await using var one = new InvoiceAppFactory(_database, _provider.Url!, ("PAY_LEASE_SECONDS", "1.5"));
        await using var other = new InvoiceAppFactory(_database, _provider.Url!, ("PAY_LEASE_SECONDS", "1.5"));
        using var first = await one.ReadyAsync();
        using var second = await other.ReadyAsync();

        var answers = await Task.WhenAll(first.PayAsync(), second.PayAsync());

        Assert.That(answers.Select(answer => answer.Status), Has.All.EqualTo(200));
        Assert.That(_provider.Asked(), Is.Unique, "nobody took it over: the lease of 1.5 s was renewed");
    }
}
