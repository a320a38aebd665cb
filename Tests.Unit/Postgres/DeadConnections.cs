using ClusterSim.Postgres;
using Npgsql;

namespace Tests.Unit.Postgres;

/// <summary>Leaves a service with connections in its pool that are dead, as after a server's restart.</summary>
internal static class DeadConnections
{
    private const int Several = 4;

    /// <param name="database">The service's database.</param>
    /// <param name="service">The service, as its sessions are named.</param>
    /// <param name="table">A table that <paramref name="ask"/> reads.</param>
    /// <param name="ask">Asks the service something, which takes a connection.</param>
    public static async Task LeaveAsync(IPostgresDatabase database, string service, string table, Func<Task> ask)
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var connection = await source.OpenConnectionAsync();
        Task[] asking;
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            // Asked while the table is locked, each has a connection of its own.
            await ExecuteAsync(connection, $"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
            asking = [.. Enumerable.Range(0, Several).Select(_ => ask())];
            await Eventually.ThatAsync(async () => await CountAsync(connection, service, "wait_event_type = 'Lock'") == Several, $"{Several} connections wait for {table}");
        }
        await Task.WhenAll(asking);
        Assert.That(await CountAsync(connection, service, "pg_terminate_backend(pid, 10000)"), Is.GreaterThanOrEqualTo(Several));
    }

    private static async Task<long> CountAsync(NpgsqlConnection connection, string service, string condition)
    {
        // Statistics stay as they were first seen until the end of a transaction.
        await using var command = new NpgsqlCommand(
            $"SELECT count(*) FILTER (WHERE {condition}) FROM (SELECT pg_stat_clear_snapshot()) AS anew, pg_stat_activity WHERE datname = current_database() AND application_name = $1", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = service });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
