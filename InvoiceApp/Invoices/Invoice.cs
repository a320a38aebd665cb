namespace InvoiceApp.Invoices;

/// <summary>An invoice as it is asked to be kept, every field checked.</summary>
/// <param name="Id">Its id, and its payment's.</param>
/// <param name="Value">How much, with as many decimals as its currency has.</param>
/// <param name="Currency">The ISO 4217 code.</param>
internal readonly record struct NewInvoice(string Id, decimal Value, string Currency);

/// <summary>Where an invoice stands.</summary>
internal enum InvoiceState
{
    /// <summary>To be paid.</summary>
    Unpaid,

    /// <summary>Somebody is paying it.</summary>
    Claimed,

    /// <summary>Paid.</summary>
    Paid,

    /// <summary>The provider refused it; it is not tried again until somebody asks for that.</summary>
    Refused,
}

/// <summary>An invoice as it is kept.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Value">How much.</param>
/// <param name="Currency">The ISO 4217 code.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Reason">Why it was refused, or why the last attempt came to nothing.</param>
/// <param name="DecidedAt">When it was paid or refused.</param>
internal sealed record Invoice(string Id, decimal Value, string Currency, InvoiceState State, string? Reason, DateTime? DecidedAt);

/// <summary>An invoice that a run has claimed.</summary>
internal readonly record struct ClaimedInvoice(long Number, string Id, decimal Value, string Currency);
