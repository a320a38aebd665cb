using System.ComponentModel;

namespace PaymentProvider.Payments;

// The shapes of requests and answers, for the OpenAPI document; requests are read, and answers written, by hand.

/// <summary>A payment asked for.</summary>
internal sealed record PaymentAsked(
    [property: Description("1 to 200 characters, none of them a control character; the idempotency key.")] string Id,
    [property: Description("Positive, at most 15 digits before the point, no more decimals than the currency has.")] decimal Value,
    [property: Description("An ISO 4217 code: three capital letters.")] string Currency);

/// <summary>A payment made.</summary>
internal sealed record PaymentMade(string Id, decimal Value, string Currency, DateTimeOffset PaidAt);

/// <summary>The answer to a payment that the ledger holds.</summary>
internal sealed record PaymentAnswer(string Id);

/// <summary>Why there is no payment.</summary>
internal sealed record PaymentFault(string Error);
