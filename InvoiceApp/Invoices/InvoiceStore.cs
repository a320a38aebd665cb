using System.Globalization;
using Npgsql;
using ServiceDefaults.Data;

namespace InvoiceApp.Invoices;

/// <summary>The invoices, for all but paying them.</summary>
internal sealed class InvoiceStore(NpgsqlDataSource database)
{
    private const string Columns = "id, value, currency, state, reason, decided_at";

    /// <summary>What became of invoices that were to be kept.</summary>
    /// <param name="Created">How many are new.</param>
    /// <param name="Conflicts">Ids known for another value or currency; if there are any, nothing was kept.</param>
    internal sealed record Added(int Created, IReadOnlyList<string> Conflicts);

    /// <summary>Which invoices are asked for.</summary>
    /// <param name="Paid">Only those paid, or only those not; <see langword="null"/>: all.</param>
    /// <param name="After">Only those created after the one with this number.</param>
    /// <param name="Limit">At most so many.</param>
    internal readonly record struct Selection(bool? Paid, long After, long Limit);

    /// <summary>
    /// Opens rows of id, value, currency, paid, in the order of creation. They come as they are read: a million take no more memory than one.
    /// </summary>
    public Task<CopiedRows> ReadAsync(Selection selection, CancellationToken cancellation)
    {
        var filter = selection.Paid switch { true => "AND state = 'paid'", false => "AND state <> 'paid'", null => "" };
        return CopiedRows.OpenAsync(
            database,
            string.Create(CultureInfo.InvariantCulture, $"SELECT id, value, currency, state = 'paid' FROM invoices WHERE number > {selection.After} {filter} ORDER BY number LIMIT {selection.Limit}"),
            cancellation);
    }

    /// <summary>The invoice's place in the order of creation.</summary>
    public Task<long?> NumberAsync(string id, CancellationToken cancellation) => LostConnections.OnLivingConnectionAsync(async cancellation =>
    {
        await using var command = database.CreateCommand("SELECT number FROM invoices WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        return (long?)await command.ExecuteScalarAsync(cancellation);
    }, cancellation);

    /// <summary>The invoice, if it is known.</summary>
    public Task<Invoice?> FindAsync(string id, CancellationToken cancellation) => LostConnections.OnLivingConnectionAsync(async cancellation =>
    {
        await using var command = database.CreateCommand($"SELECT {Columns} FROM invoices WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? Invoice(reader) : null;
    }, cancellation);

    /// <summary>Lets a refused invoice be tried again; leaves any other as it is.</summary>
    /// <returns>The invoice as it is now, if it is known.</returns>
    public async Task<Invoice?> RetryAsync(string id, CancellationToken cancellation)
    {
        await LostConnections.OnLivingConnectionAsync(async cancellation =>
        {
            await using var command = database.CreateCommand(
                "UPDATE invoices SET state = 'unpaid', decided_at = NULL WHERE id = $1 AND state = 'refused'");
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
            return await command.ExecuteNonQueryAsync(cancellation);
        }, cancellation);
        return await FindAsync(id, cancellation);
    }

    /// <summary>Keeps all of these, or none where an id is known for another value or currency. What is known already just stays.</summary>
    public Task<Added> AddAsync(IReadOnlyList<NewInvoice> invoices, CancellationToken cancellation) =>
        LostConnections.OnLivingConnectionAsync(cancellation => AddOnceAsync(invoices, cancellation), cancellation);

    private async Task<Added> AddOnceAsync(IReadOnlyList<NewInvoice> invoices, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        int created;
        await using (var insert = Command(
            """
            INSERT INTO invoices (id, value, currency)
            SELECT id, value, currency FROM unnest($1, $2, $3) WITH ORDINALITY AS given (id, value, currency, place) ORDER BY place
            ON CONFLICT (id) DO NOTHING
            """))
        {
            created = await insert.ExecuteNonQueryAsync(cancellation);
        }

        var conflicts = new List<string>();
        if (created < invoices.Count)
        {
            await using var compare = Command(
                """
                SELECT known.id FROM unnest($1, $2, $3) AS given (id, value, currency) JOIN invoices AS known ON known.id = given.id
                WHERE known.value <> given.value OR known.currency <> given.currency ORDER BY known.number
                """);
            await using var reader = await compare.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                conflicts.Add(reader.GetString(0));
        }

        if (conflicts.Count == 0)
            await transaction.CommitAsync(cancellation);
        return new Added(conflicts.Count == 0 ? created : 0, conflicts);

        NpgsqlCommand Command(string sql) => new(sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string[]> { TypedValue = [.. invoices.Select(invoice => invoice.Id)] },
                new NpgsqlParameter<decimal[]> { TypedValue = [.. invoices.Select(invoice => invoice.Value)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. invoices.Select(invoice => invoice.Currency)] },
            },
        };
    }

    private static Invoice Invoice(NpgsqlDataReader reader) => new(
        reader.GetString(0),
        reader.GetDecimal(1),
        reader.GetString(2),
        Enum.Parse<InvoiceState>(reader.GetString(3), ignoreCase: true),
        reader.IsDBNull(4) ? null : reader.GetString(4),
        reader.IsDBNull(5) ? null : reader.GetDateTime(5));
}
