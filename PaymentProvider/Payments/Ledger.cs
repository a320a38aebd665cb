using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Npgsql;

namespace PaymentProvider.Payments;

/// <summary>
/// The payments made, in PostgreSQL. Payments that arrive together are written together: a few writers each take all that waits (up to a
/// limit), insert it in one statement, and answer once it is committed. So a payment alone costs one round trip, a thousand at once a handful.
/// </summary>
internal sealed class Ledger : IAsyncDisposable
{
    /// <summary>
    /// Inserts what is new and returns what the ledger then holds for every id asked for. A row that another transaction commits while this
    /// statement waits for it is in neither part (it is younger than the snapshot): <see cref="Lookup"/> finds it.
    /// </summary>
    private const string Insert =
        """
        WITH asked AS (SELECT * FROM unnest($1, $2, $3) AS asked (id, value, currency)),
        made AS (
            INSERT INTO payments (id, value, currency)
            SELECT id, value, currency FROM asked
            ON CONFLICT (id) DO NOTHING
            RETURNING id, value, currency)
        SELECT id, value, currency FROM made
        UNION ALL
        SELECT id, payments.value, payments.currency FROM payments WHERE id = ANY ($1)
        """;

    private const string Lookup = "SELECT id, value, currency FROM payments WHERE id = ANY ($1)";
    private const string Columns = "SELECT id, value, currency, paid_at FROM payments";

    private readonly NpgsqlDataSource _database;
    private readonly int _batchMax;
    private readonly Channel<Waiting> _queue;
    private readonly Task[] _writers;

    public Ledger(NpgsqlDataSource database, PaymentProviderSettings settings)
    {
        (_database, _batchMax) = (database, settings.LedgerBatchMax);
        _queue = Channel.CreateBounded<Waiting>(settings.LedgerQueueMax);
        using (ExecutionContext.SuppressFlow())
            _writers = [.. Enumerable.Range(0, settings.LedgerWriters).Select(_ => Task.Run(WriteAsync))];
    }

    /// <summary>
    /// Makes a payment, or finds that it was made; returns once that is durable. A caller who gives up does not take the payment back: asking
    /// again with the same id tells what became of it.
    /// </summary>
    /// <exception cref="NpgsqlException">The database is away. The payment may or may not have been made: ask again.</exception>
    public async Task<PaymentOutcome> PayAsync(Payment payment, CancellationToken cancellation)
    {
        var waiting = new Waiting(payment);
        await _queue.Writer.WriteAsync(waiting, cancellation);
        return await waiting.Outcome.Task.WaitAsync(cancellation);
    }

    /// <summary>The payment made under <paramref name="id"/>, if any.</summary>
    public async Task<LedgerEntry?> FindAsync(string id, CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand($"{Columns} WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? Entry(reader) : null;
    }

    /// <summary>Payments in the order of their ids, read as they are consumed: a million take no more memory than one.</summary>
    /// <param name="after">Only ids greater than this one (in the database's order).</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async IAsyncEnumerable<LedgerEntry> ReadAsync(string? after, long? limit, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var command = _database.CreateCommand($"{Columns} WHERE id > $1 ORDER BY id LIMIT $2");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = after ?? "" });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = limit ?? long.MaxValue });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            yield return Entry(reader);
    }

    /// <summary>Writes what still waits, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await Task.WhenAll(_writers);
    }

    private static LedgerEntry Entry(NpgsqlDataReader reader) =>
        new(new Payment(reader.GetString(0), reader.GetDecimal(1), reader.GetString(2)), reader.GetDateTime(3));

    private async Task WriteAsync()
    {
        var batch = new List<Waiting>(_batchMax);
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (batch.Count < _batchMax && _queue.Reader.TryRead(out var waiting))
                batch.Add(waiting);
            if (batch.Count == 0)
                continue;
            try
            {
                await WriteAsync(batch);
            }
            catch (Exception fault)
            {
                // Each caller gets it; the writer goes on with the next batch.
                foreach (var waiting in batch)
                    waiting.Outcome.TrySetException(fault);
            }

            batch.Clear();
        }
    }

    private async Task WriteAsync(List<Waiting> batch)
    {
        // In one order always: two batches that share ids in opposite orders would wait for each other. (What comes first within an id stays first.)
        var payments = batch.Select(waiting => waiting.Payment).OrderBy(payment => payment.Id, StringComparer.Ordinal).ToArray();
        var ids = Array.ConvertAll(payments, payment => payment.Id);
        var held = new Dictionary<string, Payment>(batch.Count, StringComparer.Ordinal);
        await using var connection = await _database.OpenConnectionAsync();
        await using (var insert = new NpgsqlCommand(Insert, connection))
        {
            insert.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = ids });
            insert.Parameters.Add(new NpgsqlParameter<decimal[]> { TypedValue = Array.ConvertAll(payments, payment => payment.Value) });
            insert.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Array.ConvertAll(payments, payment => payment.Currency) });
            await CollectAsync(insert, held);
        }

        if (Array.FindAll(ids, id => !held.ContainsKey(id)) is { Length: > 0 } raced)
        {
            await using var lookup = new NpgsqlCommand(Lookup, connection);
            lookup.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = raced });
            await CollectAsync(lookup, held);
        }

        foreach (var waiting in batch)
        {
            var outcome = held[waiting.Payment.Id] == waiting.Payment ? PaymentOutcome.Paid : PaymentOutcome.Conflict;
            waiting.Outcome.TrySetResult(outcome);
        }
    }

    private static async Task CollectAsync(NpgsqlCommand command, Dictionary<string, Payment> held)
    {
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            var payment = new Payment(reader.GetString(0), reader.GetDecimal(1), reader.GetString(2));
            held[payment.Id] = payment;
        }
    }

    private sealed class Waiting(Payment payment)
    {
        public Payment Payment { get; } = payment;

        public TaskCompletionSource<PaymentOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
