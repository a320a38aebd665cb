namespace InvoiceApp.Payments;

/// <summary>What became of an attempt to pay.</summary>
internal enum PaymentOutcomeKind
{
    /// <summary>The provider has the payment.</summary>
    Accepted,

    /// <summary>The provider will not make this payment; asking again would not change that.</summary>
    Refused,

    /// <summary>The provider does not let us ask (401, 403), or we have no token to ask with.</summary>
    NotAllowed,

    /// <summary>The provider answered something that is no answer to a payment.</summary>
    Nonsense,

    /// <summary>The provider could not be reached, was too slow, or said that it cannot now (408, 425, 429, 5xx).</summary>
    Unavailable,

    /// <summary>It was not tried: the run had been given up.</summary>
    NotTried,
}

/// <summary>What became of a payment, and why.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="Reason">Why it is not accepted.</param>
/// <param name="RetryAfter">How long the provider wants to be left alone.</param>
/// <param name="Throttled">Whether the provider said only that it is asked too much: that is no sign of its being ill.</param>
internal readonly record struct PaymentOutcome(PaymentOutcomeKind Kind, string? Reason = null, TimeSpan? RetryAfter = null, bool Throttled = false)
{
    /// <summary>The provider has the payment.</summary>
    public static PaymentOutcome Accepted { get; } = new(PaymentOutcomeKind.Accepted);

    /// <summary>It was not tried.</summary>
    public static PaymentOutcome NotTried { get; } = new(PaymentOutcomeKind.NotTried);

    /// <summary>Whether the provider decided about this payment.</summary>
    public bool IsDecision => Kind is PaymentOutcomeKind.Accepted or PaymentOutcomeKind.Refused;
}
