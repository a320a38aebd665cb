namespace PaymentProvider.Payments;

/// <summary>A payment asked for, every field checked.</summary>
/// <param name="Id">The caller's id, its idempotency key.</param>
/// <param name="Value">How much: positive, no more precise than the currency.</param>
/// <param name="Currency">The ISO 4217 code.</param>
internal readonly record struct Payment(string Id, decimal Value, string Currency);

/// <summary>A payment made, as the ledger has it.</summary>
internal readonly record struct LedgerEntry(Payment Payment, DateTime PaidAt);

/// <summary>What became of a request to pay.</summary>
internal enum PaymentOutcome
{
    /// <summary>The ledger holds exactly this payment, from now or from before.</summary>
    Paid,

    /// <summary>The ledger holds another value or currency under this id; nothing was done.</summary>
    Conflict,
}
