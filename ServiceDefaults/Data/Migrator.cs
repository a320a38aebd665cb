using Microsoft.Extensions.Logging;
using Npgsql;

namespace ServiceDefaults.Data;

/// <summary>Brings a database to the newest migration, once, however many replicas ask at the same time.</summary>
internal sealed class Migrator(NpgsqlDataSource database, IReadOnlyList<Migration> migrations, ILogger logger)
{
    /// <summary>Any number will do that nothing else in this database locks: "harness" in ASCII.</summary>
    private const long AdvisoryLock = 0x6861_726e_6573_73;

    /// <summary>
    /// 1. Reads what was applied; in the usual case everything was, and that is all.
    /// 2. Otherwise takes the advisory lock (others wait here), creates the table of migrations, and reads again.
    /// 3. Applies what is missing in order, records each with its checksum, all in one transaction: either all or nothing.
    /// </summary>
    /// <exception cref="MigrationChangedException">A migration that was applied reads differently now.</exception>
    /// <exception cref="NpgsqlException">The database is away or refuses.</exception>
    public async Task ApplyAsync(CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        if (Missing(await AppliedAsync(connection, cancellation)).Count == 0)
            return;

        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await ExecuteAsync(connection, $"SET LOCAL lock_timeout = '10s'; SELECT pg_advisory_xact_lock({AdvisoryLock});", cancellation);
        await ExecuteAsync(
            connection,
            """
            SET LOCAL client_min_messages = warning;
            CREATE TABLE IF NOT EXISTS migrations (
                name text PRIMARY KEY,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now());
            """,
            cancellation);
        foreach (var migration in Missing(await AppliedAsync(connection, cancellation)))
        {
            try
            {
                await ExecuteAsync(connection, migration.Sql, cancellation);
            }
            catch (PostgresException fault)
            {
                logger.LogError("Migration {Migration} failed at character {Position}: {Reason}", migration.Name, fault.Position, fault.MessageText);
                throw;
            }

            await using var record = new NpgsqlCommand("INSERT INTO migrations (name, checksum) VALUES ($1, $2)", connection)
            {
                Parameters = { new() { Value = migration.Name }, new() { Value = migration.Checksum } },
            };
            await record.ExecuteNonQueryAsync(cancellation);
            logger.LogInformation("Migration {Migration} applied", migration.Name);
        }

        await transaction.CommitAsync(cancellation);
    }

    private List<Migration> Missing(Dictionary<string, string> applied)
    {
        var missing = new List<Migration>();
        foreach (var migration in migrations)
        {
            if (!applied.TryGetValue(migration.Name, out var checksum))
                missing.Add(migration);
            else if (checksum != migration.Checksum)
                throw new MigrationChangedException(migration.Name, checksum, migration.Checksum);
        }

        return missing;
    }

    private static async Task<Dictionary<string, string>> AppliedAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var applied = new Dictionary<string, string>(StringComparer.Ordinal);
        await using (var exists = new NpgsqlCommand("SELECT to_regclass('migrations') IS NOT NULL", connection))
        {
            if (await exists.ExecuteScalarAsync(cancellation) is not true)
                return applied;
        }

        await using var command = new NpgsqlCommand("SELECT name, checksum FROM migrations", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            applied[reader.GetString(0)] = reader.GetString(1);
        return applied;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
