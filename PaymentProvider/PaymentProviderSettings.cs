using PaymentProvider.Access;
using ServiceDefaults.Settings;

namespace PaymentProvider;

/// <summary>What the provider alone is told, beside what every service is.</summary>
/// <param name="LedgerWriters">Database connections that write payments (<c>LEDGER_WRITERS</c>).</param>
/// <param name="LedgerBatchMax">Payments at most in one transaction (<c>LEDGER_BATCH_MAX</c>).</param>
/// <param name="LedgerQueueMax">Payments at most that wait for a writer; further callers wait to get in (<c>LEDGER_QUEUE_MAX</c>).</param>
/// <param name="LedgerTimeout">How long a payment may take before its caller is told to try again (<c>LEDGER_TIMEOUT_SECONDS</c>).</param>
/// <param name="Access">Who may call: <c>CALLER_…</c>.</param>
public sealed record PaymentProviderSettings(int LedgerWriters, int LedgerBatchMax, int LedgerQueueMax, TimeSpan LedgerTimeout, AccessSettings Access)
{
    /// <summary>Reads them.</summary>
    public static PaymentProviderSettings Read(SettingsReader settings) => new(
        settings.Integer("LEDGER_WRITERS", 2, 1, 64),
        settings.Integer("LEDGER_BATCH_MAX", 256, 1, 10_000),
        settings.Integer("LEDGER_QUEUE_MAX", 4096, 1, 1_000_000),
        settings.Seconds("LEDGER_TIMEOUT_SECONDS", 10, 0.1, 300),
        AccessSettings.Read(settings));
}
