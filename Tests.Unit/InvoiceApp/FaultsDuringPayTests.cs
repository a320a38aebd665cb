using System.Collections.Concurrent;
using Npgsql;
using Tests.Unit.Postgres;

namespace InvoiceApp.Tests;

/// <summary>Whatever dies while invoices are paid, none is lost and none is paid under two ids.</summary>
[TestFixture]
internal sealed class FaultsDuringPayTests
{
    private readonly ConcurrentDictionary<string, int> _ledger = new(StringComparer.Ordinal);

    [SetUp]
    public void Forget() => _ledger.Clear();

    [Test]
    public async Task A_killed_replicas_invoices_are_paid_by_the_others_after_its_lease()
    {
        await using var database = await TestPostgres.DatabaseAsync("killed");
        var first = true;
        await using var provider = new RawProvider(async (socket, id, _, cancellation) =>
        {
            // It does its work, but the first caller never learns of that.
            _ledger.AddOrUpdate(id, 1, (_, times) => times + 1);
            if (Volatile.Read(ref first))
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellation);
            await RawProvider.AcceptAsync(socket, id, cancellation);
        });
        var (dying, askingDying) = await InvoiceAppOnAPort.StartAsync(database.ConnectionString, provider.Url, ("PAY_LEASE_SECONDS", "0.6"));
        await using var one = dying;
        using var asking = askingDying;
        await using var other = new InvoiceAppFactory(database, provider.Url);
        using var survivor = await other.ReadyAsync();

        var unanswered = asking.PostAsync("/invoices/pay", content: null);
        await Eventually.ThatAsync(() => _ledger.Count == 3, "all three are being paid");
        Volatile.Write(ref first, false);
        await dying.KillAsync();
        var (status, body) = await survivor.PayAsync();

        Assert.That(await StatusAsync(unanswered), Is.Not.EqualTo(200), "the dying one did not claim success");
        Assert.That((status, (long)body["paid"]!), Is.EqualTo((200, 3)), body.ToJsonString());
        Assert.That(_ledger, Is.EquivalentTo(new Dictionary<string, int>(StringComparer.Ordinal) { ["I1"] = 2, ["I2"] = 2, ["I3"] = 2 }), "asked for again under the same ids");
    }

    private static async Task<int?> StatusAsync(Task<HttpResponseMessage> asking)
    {
        try
        {
            using var answer = await asking;
            return (int)answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    [Test]
    public async Task A_database_that_restarts_during_pay_loses_no_outcome()
    {
        await using var server = await TestPostgres.PrivateServerAsync();
        var answered = 0;
        await using var provider = new RawProvider(async (socket, id, _, cancellation) =>
        {
            _ledger.AddOrUpdate(id, 1, (_, times) => times + 1);
            await Task.Delay(TimeSpan.FromSeconds(0.5), TimeProvider.System, cancellation);
            await RawProvider.AcceptAsync(socket, id, cancellation);
            Interlocked.Increment(ref answered);
        });
        var (app, client) = await InvoiceAppOnAPort.StartAsync(server.ConnectionString(), provider.Url);
        await using var running = app;
        using var asking = client;

        var paying = asking.PayAsync();
        await Eventually.ThatAsync(() => _ledger.Count == 3, "all three are being paid");
        await server.StopAsync();
        Assert.That((int)(await asking.GetAsync("/readiness")).StatusCode, Is.EqualTo(503));
        Assert.That((int)(await asking.GetAsync("/invoices")).StatusCode, Is.EqualTo(503));
        await Eventually.ThatAsync(() => Volatile.Read(ref answered) == 3, "all three are paid, and cannot be marked");
        await server.StartAgainAsync();

        var (status, body) = await paying;
        Assert.That((status, (long)body["paid"]!), Is.EqualTo((200, 3)), body.ToJsonString());
        Assert.That(_ledger.Values, Has.All.EqualTo(1));
        NpgsqlConnection.ClearAllPools();
    }
}
