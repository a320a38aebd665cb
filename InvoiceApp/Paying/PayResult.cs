using InvoiceApp.Invoices;
using InvoiceApp.Payments;

namespace InvoiceApp.Paying;

/// <summary>What became of a claimed invoice.</summary>
internal readonly record struct PayResult(ClaimedInvoice Invoice, PaymentOutcome Outcome)
{
    /// <summary>The state it is to have.</summary>
    public string StateAfter => Outcome.Kind switch
    {
        PaymentOutcomeKind.Accepted => "paid",
        PaymentOutcomeKind.Refused => "refused",
        _ => "unpaid",
    };

    /// <summary>The reason it is to have.</summary>
    public string? Reason => Outcome.Reason;
}
