using InvoiceApp.Paying;
using Npgsql;
using NpgsqlTypes;

namespace InvoiceApp.Invoices;

/// <summary>
/// Claims on invoices, so that of all who pay at the same time each takes others. A claim is a lease by the database's clock: whoever
/// dies loses it. Should a holder only have seemed dead, two may ask the provider for the same payment; its id makes that one payment.
/// </summary>
internal sealed class ClaimStore(NpgsqlDataSource database)
{
    private const string Claim =
        """
        WITH next AS MATERIALIZED (
            SELECT number FROM invoices
            WHERE decided_at IS NULL AND number > $3 AND number <> ALL ($4)
                AND (state = 'unpaid' OR lease_until < clock_timestamp())
            ORDER BY number LIMIT $5 FOR UPDATE SKIP LOCKED)
        UPDATE invoices SET state = 'claimed', claimed_by = $1, lease_until = clock_timestamp() + $2
        FROM next WHERE invoices.number = next.number
        RETURNING invoices.number, id, value, currency
        """;

    private const string Renew =
        "UPDATE invoices SET lease_until = clock_timestamp() + $2 WHERE number = ANY ($3) AND state = 'claimed' AND claimed_by = $1";

    /// <summary>
    /// "Paid" is a fact, whoever holds the claim by now; anything else is only for the holder to say. Rows are taken in their order, so
    /// that two who mark the same never wait for each other.
    /// </summary>
    private const string Mark =
        """
        WITH outcome AS MATERIALIZED (
            SELECT invoices.number, given.state, given.reason
            FROM unnest($2, $3, $4) AS given (number, state, reason) JOIN invoices ON invoices.number = given.number
            WHERE invoices.state <> 'paid' AND (given.state = 'paid' OR (invoices.state = 'claimed' AND invoices.claimed_by = $1))
            ORDER BY invoices.number FOR UPDATE OF invoices),
        marked AS (
            UPDATE invoices SET state = outcome.state, reason = outcome.reason, claimed_by = NULL, lease_until = NULL,
                decided_at = CASE WHEN outcome.state = 'unpaid' THEN NULL ELSE clock_timestamp() END
            FROM outcome WHERE invoices.number = outcome.number
            RETURNING invoices.state),
        counted AS (
            INSERT INTO paid_batches (paid) SELECT count(*) FROM marked WHERE state = 'paid' HAVING count(*) > 0)
        SELECT count(*) FROM marked
        """;

    private const string Tally =
        """
        SELECT clock_timestamp(),
            (SELECT coalesce(sum(paid), 0)::bigint FROM paid_batches),
            count(*) FILTER (WHERE decided_at < $1),
            count(*) FILTER (WHERE decided_at >= $1),
            (SELECT count(*) FROM invoices WHERE decided_at IS NULL)
        FROM invoices WHERE decided_at IS NOT NULL AND reason IS NOT NULL
        """;

    // Npgsql's names for -infinity and infinity.
    private static readonly DateTime BeginningOfTime = DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc);
    private static readonly DateTime EndOfTime = DateTime.SpecifyKind(DateTime.MaxValue, DateTimeKind.Utc);

    /// <summary>How many invoices stand where, at one instant.</summary>
    /// <param name="At">That instant, by the database's clock.</param>
    /// <param name="Paid">Paid.</param>
    /// <param name="RefusedEarlier">Refused before the time asked about.</param>
    /// <param name="RefusedSince">Refused since.</param>
    /// <param name="Open">Unpaid or claimed.</param>
    internal readonly record struct Count(DateTime At, long Paid, long RefusedEarlier, long RefusedSince, long Open);

    /// <summary>
    /// Claims the next invoices in the order of creation: unpaid ones, and those whose claim ran out.
    /// </summary>
    /// <param name="holder">Who claims.</param>
    /// <param name="lease">For how long.</param>
    /// <param name="after">Only those created after the one with this number.</param>
    /// <param name="except">Numbers not to be claimed.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellation">Ends the call; whatever it claimed runs out by itself.</param>
    public async Task<List<ClaimedInvoice>> ClaimAsync(string holder, TimeSpan lease, long after, long[] except, int limit, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(Claim);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = holder });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lease });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = except });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = limit });
        var claimed = new List<ClaimedInvoice>(limit);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            claimed.Add(new ClaimedInvoice(reader.GetInt64(0), reader.GetString(1), reader.GetDecimal(2), reader.GetString(3)));
        return claimed;
    }

    /// <summary>Says that the holder is still at work.</summary>
    public async Task RenewAsync(string holder, TimeSpan lease, long[] numbers, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(Renew);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = holder });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = lease });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = numbers });
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Records what became of claimed invoices, and lets go of them.</summary>
    /// <returns>How many it recorded.</returns>
    public async Task<int> MarkAsync(string holder, IReadOnlyList<PayResult> results, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(Mark);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = holder });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. results.Select(result => result.Invoice.Number)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. results.Select(result => result.StateAfter)] });
        command.Parameters.Add(new NpgsqlParameter<string?[]> { TypedValue = [.. results.Select(result => result.Reason)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        return (int)(long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>Counts the invoices, without looking at those that are paid.</summary>
    /// <param name="since">Refusals before this time (the database's) are earlier ones; <see langword="null"/>: all are.</param>
    /// <param name="cancellation">Ends the call.</param>
    public async Task<Count> CountAsync(DateTime? since, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(Tally);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = since ?? EndOfTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return new Count(reader.GetDateTime(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4));
    }

    /// <summary>How many are unpaid or claimed: costs what it counts, however many are paid.</summary>
    public async Task<long> CountOpenAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("SELECT count(*) FROM invoices WHERE decided_at IS NULL");
        return (long)(await command.ExecuteScalarAsync(cancellation))!;
    }

    /// <summary>Refused invoices, the first created first.</summary>
    /// <param name="since">Refused since this time, where given.</param>
    /// <param name="before">Refused before this time, where given.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellation">Ends the call.</param>
    public Task<List<(string Id, string State, string? Reason)>> RefusedAsync(DateTime? since, DateTime? before, int limit, CancellationToken cancellation) =>
        ListAsync("decided_at IS NOT NULL AND reason IS NOT NULL AND decided_at >= $1 AND decided_at < $2", since, before, limit, cancellation);

    /// <summary>Unpaid and claimed invoices, the first created first.</summary>
    public Task<List<(string Id, string State, string? Reason)>> OpenAsync(int limit, CancellationToken cancellation) =>
        ListAsync("decided_at IS NULL AND $1 < $2", null, null, limit, cancellation);

    private async Task<List<(string Id, string State, string? Reason)>> ListAsync(
        string condition, DateTime? since, DateTime? before, int limit, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"SELECT id, state, reason FROM invoices WHERE {condition} ORDER BY number LIMIT $3");
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = since ?? BeginningOfTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = before ?? EndOfTime, NpgsqlDbType = NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = limit });
        var rows = new List<(string, string, string?)>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            rows.Add((reader.GetString(0), reader.GetString(1), reader.IsDBNull(2) ? null : reader.GetString(2)));
        return rows;
    }
}
