namespace InvoiceApp.Paying;

/// <summary>Why an invoice is not paid after a call to pay. The names are what callers see.</summary>
internal enum Unpaid
{
    /// <summary>The provider refused it during this call.</summary>
    Refused,

    /// <summary>The provider does not let us ask.</summary>
    NotAllowed,

    /// <summary>The provider's answer makes no sense.</summary>
    Nonsense,

    /// <summary>The provider could not be reached, was too slow or too busy.</summary>
    Unreachable,

    /// <summary>Another call was still paying it when this one stopped waiting.</summary>
    BeingPaid,

    /// <summary>It was not tried: this call had been given up or ended before.</summary>
    NotTried,
}

/// <summary>An invoice that is not paid, and why.</summary>
internal readonly record struct UnpaidInvoice(string Id, Unpaid Why, string? Reason);

/// <summary>What a call to pay did and found, as the database has it.</summary>
internal sealed record PayReport
{
    /// <summary>Paid by this call.</summary>
    public required long Paid { get; init; }

    /// <summary>Paid by others while this call went on.</summary>
    public required long PaidByOthers { get; init; }

    /// <summary>Paid before.</summary>
    public required long AlreadyPaid { get; init; }

    /// <summary>Refused by the provider while this call went on.</summary>
    public required long RefusedNow { get; init; }

    /// <summary>Refused before; not tried.</summary>
    public required long RefusedEarlier { get; init; }

    /// <summary>Neither paid nor refused now.</summary>
    public required long Left { get; init; }

    /// <summary>Those refused before, the first hundred of them.</summary>
    public required IReadOnlyList<UnpaidInvoice> RefusedEarlierInvoices { get; init; }

    /// <summary>Those refused now or left, the first hundred of each.</summary>
    public required IReadOnlyList<UnpaidInvoice> UnpaidInvoices { get; init; }

    /// <summary>Why the call ended before all was tried; <see langword="null"/> when it did not.</summary>
    public required string? EndedEarly { get; init; }

    /// <summary>
    /// 200: nothing is left. 503: something is that another call may well pay, for the provider was away, or the call ended before. 502: the
    /// provider refused, or answered nonsense.
    /// </summary>
    public int Status => (Left, RefusedNow) is (0, 0) ? 200
        : EndedEarly is not null || UnpaidInvoices.Any(invoice => invoice.Why is Unpaid.Unreachable or Unpaid.BeingPaid or Unpaid.NotTried) ? 503
        : 502;
}
