using System.Globalization;
using System.Threading.Channels;
using Npgsql;
using ServiceDefaults.Data;

namespace PaymentProvider.Payments;

/// <summary>
/// The payments made, in PostgreSQL. Payments that arrive together are written together: a few writers each take all that waits (up to a
/// limit), insert it in one statement, and answer once it is committed. So a payment alone costs one round trip, a thousand at once a handful.
/// </summary>
internal sealed class Ledger : IAsyncDisposable
{
    /// <summary>
    /// Inserts what is new, and says what that was. What is not, <see cref="Lookup"/> finds: in a statement of its own, whose snapshot has what
    /// other transactions committed while this one waited for them. Almost all payments are new, so almost always one statement is all.
    /// </summary>
    private const string Insert =
        """
        INSERT INTO payments (id, value, currency)
        SELECT id, value, currency FROM unnest($1, $2, $3) AS asked (id, value, currency)
        ON CONFLICT (id) DO NOTHING
        RETURNING id
        """;

    private const string Lookup = "SELECT id, value, currency FROM payments WHERE id = ANY ($1)";
    private const string Columns = "SELECT id, value, currency, paid_at FROM payments";

    private readonly NpgsqlDataSource _database;
    private readonly int _batchMax;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _clock;
    private readonly Channel<Waiting> _queue;
    private readonly Task[] _writers;

    public Ledger(NpgsqlDataSource database, PaymentProviderSettings settings, TimeProvider clock)
    {
        (_database, _batchMax, _timeout, _clock) = (database, settings.LedgerBatchMax, settings.LedgerTimeout, clock);
        _queue = Channel.CreateBounded<Waiting>(settings.LedgerQueueMax);
        using (ExecutionContext.SuppressFlow())
            _writers = [.. Enumerable.Range(0, settings.LedgerWriters).Select(_ => Task.Run(WriteAsync))];
    }

    /// <summary>
    /// Makes a payment, or finds that it was made; returns once that is durable. A caller who gives up while the payment still waits takes it
    /// back; while it is being written, asking again with the same id tells what became of it.
    /// </summary>
    /// <exception cref="NpgsqlException">The database is away. The payment may or may not have been made: ask again.</exception>
    /// <exception cref="TimeoutException">The database is too slow. As above.</exception>
    public async Task<PaymentOutcome> PayAsync(Payment payment, CancellationToken cancellation)
    {
        var waiting = new Waiting(payment);
        try
        {
            if (!_queue.Writer.TryWrite(waiting))
                await _queue.Writer.WriteAsync(waiting, cancellation).AsTask().WaitAsync(_timeout, _clock, cancellation);
            return await waiting.Outcome.Task.WaitAsync(_timeout, _clock, cancellation);
        }
        catch
        {
            waiting.GivenUp = true;
            throw;
        }
    }

    /// <summary>The payment made under <paramref name="id"/>, if any.</summary>
    public Task<LedgerEntry?> FindAsync(string id, CancellationToken cancellation) => LostConnections.OnLivingConnectionAsync<LedgerEntry?>(async cancellation =>
    {
        await using var command = _database.CreateCommand($"{Columns} WHERE id = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? Entry(reader) : null;
    }, cancellation);

    /// <summary>
    /// Opens rows of id, value, currency, time, in the order of ids. They come as they are read: a million take no more memory than one.
    /// </summary>
    /// <param name="after">Only ids greater than this one (in the database's order).</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="cancellation">Ends the opening.</param>
    public Task<CopiedRows> ReadAsync(string? after, long? limit, CancellationToken cancellation) => CopiedRows.OpenAsync(
        _database,
        string.Create(CultureInfo.InvariantCulture, $"{Columns} WHERE id > {CopiedRows.Literal(after ?? "")} ORDER BY id LIMIT {limit ?? long.MaxValue}"),
        cancellation);

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
            {
                if (!waiting.GivenUp)
                    batch.Add(waiting);
            }

            if (batch.Count == 0)
                continue;
            try
            {
                await LostConnections.OnLivingConnectionAsync(_ => WriteAsync(batch), CancellationToken.None);
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
            await using var reader = await insert.ExecuteReaderAsync();
            var made = new HashSet<string>(batch.Count, StringComparer.Ordinal);
            while (await reader.ReadAsync())
                made.Add(reader.GetString(0));

            // Of several with one id the first was made, or none.
            foreach (var payment in payments)
                if (made.Contains(payment.Id))
                    held.TryAdd(payment.Id, payment);
        }

        if (Array.FindAll(ids, id => !held.ContainsKey(id)) is { Length: > 0 } known)
        {
            await using var lookup = new NpgsqlCommand(Lookup, connection);
            lookup.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = known });
            await using var reader = await lookup.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                held[reader.GetString(0)] = new Payment(reader.GetString(0), reader.GetDecimal(1), reader.GetString(2));
        }

        foreach (var waiting in batch)
        {
            var outcome = held[waiting.Payment.Id] == waiting.Payment ? PaymentOutcome.Paid : PaymentOutcome.Conflict;
            waiting.Outcome.TrySetResult(outcome);
        }
    }

    private sealed class Waiting(Payment payment)
    {
        private volatile bool _givenUp;

        public Payment Payment { get; } = payment;

        public bool GivenUp { get => _givenUp; set => _givenUp = value; }

        public TaskCompletionSource<PaymentOutcome> Outcome { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
