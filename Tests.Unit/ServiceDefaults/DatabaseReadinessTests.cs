using System.Net;
using System.Net.Http.Json;
using ClusterSim.Postgres;
using Npgsql;
using ServiceDefaults.Data;
using Tests.Unit.Postgres;

namespace ServiceDefaults.Tests;

[TestFixture]
public sealed class DatabaseReadinessTests
{
    [Test]
    public async Task Eight_that_start_at_once_migrate_once()
    {
        await using var database = await TestPostgres.DatabaseAsync("eight");
        var services = Enumerable.Range(0, 8).Select(_ => RunningService.Start(database.ConnectionString)).ToArray();

        foreach (var service in services)
            await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");
        foreach (var service in services)
            await service.DisposeAsync();

        var applied = services.Sum(service => service.Output.Lines.Count(line => line.Contains("001_payments.sql applied", StringComparison.Ordinal)));
        Assert.That(applied, Is.EqualTo(1));
        Assert.That(services.SelectMany(service => service.Output.Lines), Has.None.Contains("\"level\":\"warn\""));
        Assert.That(await ScalarAsync(database, "SELECT count(*) FROM migrations"), Is.EqualTo(1L));
    }

    [Test]
    public async Task A_migration_that_was_changed_after_it_was_applied_ends_the_process_and_is_named()
    {
        await using var database = await TestPostgres.DatabaseAsync("changed");
        await using (var first = RunningService.Start(database.ConnectionString))
            await Eventually.ThatAsync(first.IsReadyAsync, "it is ready");
        await ScalarAsync(database, "UPDATE migrations SET checksum = repeat('0', 64) RETURNING name");

        await using var second = RunningService.Start(database.ConnectionString);

        Assert.That(await second.Ended.WaitAsync(TimeSpan.FromSeconds(10)), Is.EqualTo(1));
        Assert.That(second.Error.Text, Does.StartWith("payment-provider: migration 001_payments.sql: found checksum").And.Contain("put the change into a new file"));
    }

    [Test]
    public async Task Line_ends_do_not_change_a_checksum() =>
        Assert.That(await Task.FromResult(new Migration("1.sql", "a\r\nb").Checksum), Is.EqualTo(new Migration("1.sql", "a\nb").Checksum));

    [Test]
    public async Task A_database_that_is_missing_at_start_and_comes_later_makes_it_ready()
    {
        await using var server = await TestPostgres.PrivateServerAsync();
        await using var service = RunningService.Start(server.ConnectionString("later", "later", "later"));
        Assert.That(await service.StatusIsAsync("/liveness", HttpStatusCode.OK), Is.True);
        await Eventually.ThatAsync(() => service.StatusIsAsync("/readiness", HttpStatusCode.ServiceUnavailable), "it is not ready");

        await server.CreateRoleAsync("later", "later");
        await server.CreateDatabaseAsync("later", "later");

        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");
        Assert.That(service.Output.Text, Does.Contain("Not ready: the database cannot be used: PostgreSQL says 28P01"));
    }

    [Test]
    public async Task A_probe_that_is_asked_before_the_database_is_there_waits_for_it_as_long_as_it_may()
    {
        await using var server = await TestPostgres.PrivateServerAsync();
        await using var service = RunningService.Start(server.ConnectionString("beside", "beside", "beside"), ("READINESS_TIMEOUT_SECONDS", "30"));
        await Eventually.ThatAsync(() => service.Output.Text.Contains("Not ready", StringComparison.Ordinal), "it has tried in vain");

        var asked = service.IsReadyAsync();
        await server.CreateRoleAsync("beside", "beside");
        await server.CreateDatabaseAsync("beside", "beside");

        Assert.That(await asked, Is.True, "one question was enough");
    }

    [Test]
    public async Task A_stopped_database_makes_it_not_ready_and_payments_503_until_it_is_back()
    {
        await using var server = await TestPostgres.PrivateServerAsync(new PostgresOptions { Durable = true });
        await server.CreateRoleAsync("p", "p");
        await server.CreateDatabaseAsync("p", "p");
        await using var service = RunningService.Start(server.ConnectionString("p", "p", "p"));
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");
        Assert.That(await PayAsync(service, "before"), Is.EqualTo(HttpStatusCode.OK));

        await server.KillAsync();

        Assert.That(await service.StatusIsAsync("/readiness", HttpStatusCode.ServiceUnavailable), Is.True);
        Assert.That(await service.StatusIsAsync("/liveness", HttpStatusCode.OK), Is.True);
        Assert.That(await PayAsync(service, "during"), Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(await service.StatusIsAsync("/payments", HttpStatusCode.ServiceUnavailable), Is.True);
        using var head = await service.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/payments"));
        Assert.That(head.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable), "HEAD asks the database too");
        Assert.That(service.Output.Text, Does.Contain("Not ready: the database cannot be used: "), "the log tells why, once");

        await server.StartAgainAsync();
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready again");
        await Eventually.ThatAsync(() => service.Output.Text.Contains("The database is ready again", StringComparison.Ordinal), "the log tells that it is back");
        Assert.That(await PayAsync(service, "before"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await PayAsync(service, "during"), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await service.Client.GetStringAsync("/payments"), Does.Contain("before").And.Contain("during"));
    }

    [Test]
    public async Task A_schema_that_vanishes_is_made_again()
    {
        await using var database = await TestPostgres.DatabaseAsync("vanishing");
        await using var service = RunningService.Start(database.ConnectionString);
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready");

        await ScalarAsync(database, "DROP TABLE migrations, payments");

        await Eventually.ThatAsync(() => service.StatusIsAsync("/readiness", HttpStatusCode.ServiceUnavailable), "it is not ready");
        await Eventually.ThatAsync(service.IsReadyAsync, "it is ready again");
        Assert.That(await PayAsync(service, "anew"), Is.EqualTo(HttpStatusCode.OK));
    }

    private static async Task<HttpStatusCode> PayAsync(RunningService service, string id)
    {
        using var answer = await service.Client.PostAsJsonAsync("/payments/pay", new { id, value = 1.5m, currency = "EUR" });
        return answer.StatusCode;
    }

    private static async Task<object?> ScalarAsync(IPostgresDatabase database, string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
