using System.Collections.Concurrent;
using InvoiceApp.Invoices;
using InvoiceApp.Payments;
using ServiceDefaults.Data;

namespace InvoiceApp.Paying;

/// <summary>One call's paying of all that is unpaid.</summary>
internal sealed class PayRun
{
    private const int GiveUpAfterFailuresInARow = 10;
    private const int FailuresMax = 1000;
    private const int ListedMax = 100;
    private static readonly TimeSpan PollFirst = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan PollMax = TimeSpan.FromMilliseconds(250);

    private readonly PayTools _tools;
    private readonly string _holder;
    private readonly ConcurrentDictionary<long, PayResult> _failures = new();
    private long _paid;
    private long _refused;
    private int _failuresInARow;
    private long _cursor;

    internal PayRun(PayTools tools, string holder) => (_tools, _holder) = (tools, holder);

    /// <summary>Paid so far.</summary>
    public long Paid => Interlocked.Read(ref _paid);

    /// <summary>Refused so far.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Tried so far to no avail.</summary>
    public long Failed => _failures.Count;

    private bool GaveUp => Volatile.Read(ref _failuresInARow) >= GiveUpAfterFailuresInARow || _failures.Count >= FailuresMax;

    /// <summary>
    /// 1. Notes the time and what stands where, by the database.
    /// 2. Claims batch after batch, pays each, marks what became of it; a few such lanes at once.
    /// 3. When nothing is left to claim but others are paying, waits for them: what they leave unpaid, or die over, is claimed after all.
    /// 4. Counts again, and reports the difference.
    /// </summary>
    /// <param name="stop">No further claims once it fires; what is claimed is still paid and marked.</param>
    /// <param name="killed">Drops everything; claims run out by themselves.</param>
    public async Task<PayReport> RunAsync(CancellationToken stop, CancellationToken killed)
    {
        // Not under way yet: a database that is away now is told at once.
        var before = await LostConnections.OnLivingConnectionAsync(cancellation => _tools.Claims.CountAsync(since: null, cancellation), killed);
        var patience = new Patience(_tools);
        string? endedEarly = null;
        while (true)
        {
            Interlocked.Exchange(ref _cursor, 0);
            await Task.WhenAll(Enumerable.Range(0, _tools.Settings.Lanes).Select(_ => LaneAsync(stop, killed)));
            if (GaveUp)
                endedEarly = "the provider failed time after time, so this call gave up";
            else if (stop.IsCancellationRequested)
                endedEarly = "the call ended before all was tried";
            else if (await AskAsync((claims, cancellation) => claims.CountOpenAsync(cancellation), killed) > _failures.Count)
            {
                // Others are paying them, or they came just now.
                if (await patience.WaitAsync(stop))
                    continue;
                endedEarly = "others were still paying when this call stopped waiting";
            }

            break;
        }

        var after = await AskAsync((claims, cancellation) => claims.CountAsync(before.At, cancellation), killed);
        return await ReportAsync(before, after, endedEarly, killed);
    }

    private async Task LaneAsync(CancellationToken stop, CancellationToken killed)
    {
        while (!stop.IsCancellationRequested && !GaveUp)
        {
            var (cursor, failures) = (Interlocked.Read(ref _cursor), _failures.Keys.ToArray());
            var batch = await AskAsync(
                (claims, cancellation) => claims.ClaimAsync(_holder, _tools.Settings.Lease, cursor, failures, _tools.Settings.Batch, cancellation), killed);
            if (batch.Count == 0)
                return;
            var last = batch.Max(invoice => invoice.Number);
            for (var seen = Interlocked.Read(ref _cursor); seen < last;)
                seen = Interlocked.CompareExchange(ref _cursor, last, seen) is var found && found == seen ? last : found;
            await PayAsync(batch, killed);
        }
    }

    private async Task PayAsync(List<ClaimedInvoice> batch, CancellationToken killed)
    {
        var results = new PayResult[batch.Count];
        await using (new LeaseRenewal(_tools, _holder, [.. batch.Select(invoice => invoice.Number)], killed))
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = _tools.Parallelism, CancellationToken = killed };
            await Parallel.ForAsync(0, batch.Count, options, async (i, cancellation) =>
            {
                var invoice = batch[i];
                var outcome = GaveUp
                    ? PaymentOutcome.NotTried
                    : await _tools.Payments.PayAsync(invoice.Id, invoice.Value, invoice.Currency, cancellation);
                results[i] = new PayResult(invoice, outcome);
                if (outcome.IsDecision)
                    Interlocked.Exchange(ref _failuresInARow, 0);
                else if (outcome.Kind != PaymentOutcomeKind.NotTried)
                    Interlocked.Increment(ref _failuresInARow);
            });
        }

        await AskAsync((claims, cancellation) => claims.MarkAsync(_holder, results, cancellation), killed);
        foreach (var result in results)
        {
            switch (result.Outcome.Kind)
            {
                case PaymentOutcomeKind.Accepted: Interlocked.Increment(ref _paid); break;
                case PaymentOutcomeKind.Refused: Interlocked.Increment(ref _refused); break;
                case PaymentOutcomeKind.NotTried: break;
                default:
                    _failures[result.Invoice.Number] = result;
                    _tools.Logger.LogWarning("Invoice {InvoiceId} is not paid: {Reason}", result.Invoice.Id, result.Reason);
                    break;
            }
        }
    }

    private async Task<PayReport> ReportAsync(ClaimStore.Count before, ClaimStore.Count after, string? endedEarly, CancellationToken killed)
    {
        var unpaid = new List<UnpaidInvoice>();
        if (after.RefusedSince > 0)
        {
            foreach (var (id, _, reason) in await AskAsync((claims, cancellation) => claims.RefusedAsync(since: before.At, before: null, ListedMax, cancellation), killed))
                unpaid.Add(new(id, Unpaid.Refused, reason));
        }

        if (after.Open > 0)
        {
            var failures = _failures.Values.ToDictionary(failure => failure.Invoice.Id, StringComparer.Ordinal);
            foreach (var (id, state, _) in await AskAsync((claims, cancellation) => claims.OpenAsync(ListedMax, cancellation), killed))
            {
                unpaid.Add(state == "claimed" ? new(id, Unpaid.BeingPaid, "another call was still paying it")
                    : failures.TryGetValue(id, out var failure) ? new(id, Why(failure.Outcome.Kind), failure.Reason)
                    : new(id, Unpaid.NotTried, endedEarly ?? "it came while this call ended"));
            }
        }

        var paid = Paid;
        return new PayReport
        {
            Paid = paid,
            PaidByOthers = Math.Max(0, after.Paid - before.Paid - paid),
            AlreadyPaid = before.Paid,
            RefusedNow = after.RefusedSince,
            RefusedEarlier = after.RefusedEarlier,
            Left = after.Open,
            RefusedEarlierInvoices = after.RefusedEarlier == 0 ? [] :
                [.. (await AskAsync((claims, cancellation) => claims.RefusedAsync(since: null, before.At, ListedMax, cancellation), killed))
                    .Select(row => new UnpaidInvoice(row.Id, Unpaid.Refused, row.Reason))],
            UnpaidInvoices = unpaid,
            EndedEarly = after.Open == 0 ? null : endedEarly,
        };
    }

    /// <summary>
    /// Once under way, a run outlives a database that restarts. (A claim whose answer was lost meanwhile runs out, and is claimed again.)
    /// </summary>
    private Task<T> AskAsync<T>(Func<ClaimStore, CancellationToken, Task<T>> ask, CancellationToken killed) => _tools.WhileDatabaseIsAwayAsync(ask, killed);

    private static Unpaid Why(PaymentOutcomeKind kind) => kind switch
    {
        PaymentOutcomeKind.NotAllowed => Unpaid.NotAllowed,
        PaymentOutcomeKind.Nonsense => Unpaid.Nonsense,
        _ => Unpaid.Unreachable,
    };

    /// <summary>Waits for others: longer and longer, and not for ever.</summary>
    private sealed class Patience(PayTools tools)
    {
        private TimeSpan _pause = PollFirst;
        private long? _since;

        /// <summary>Pauses once.</summary>
        /// <returns>False when patience, or the call, has ended.</returns>
        public async Task<bool> WaitAsync(CancellationToken stop)
        {
            _since ??= tools.Clock.GetTimestamp();
            if (tools.Clock.GetElapsedTime(_since.Value) >= tools.Settings.Wait)
                return false;
            await Task.Delay(_pause, tools.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _pause = _pause * 1.5 < PollMax ? _pause * 1.5 : PollMax;
            return !stop.IsCancellationRequested;
        }
    }
}
