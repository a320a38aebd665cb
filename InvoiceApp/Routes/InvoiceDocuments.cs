using System.ComponentModel;
using System.Text.Json.Serialization;

namespace InvoiceApp.Routes;

// The shapes of requests and answers, for the OpenAPI document; requests are read, and answers written, by hand.

/// <summary>An invoice in a list.</summary>
internal record InvoiceDocument(
    [property: JsonPropertyName("InvoiceId")] string InvoiceId,
    [property: JsonPropertyName("Value")] decimal Value,
    [property: JsonPropertyName("Currency"), Description("An ISO 4217 code.")] string Currency,
    [property: JsonPropertyName("IsPaid")] bool IsPaid);

/// <summary>An invoice and where it stands.</summary>
internal sealed record InvoiceDetailDocument(
    string InvoiceId,
    decimal Value,
    string Currency,
    bool IsPaid,
    [property: JsonPropertyName("State"), Description("unpaid, claimed (somebody is paying it), paid or refused.")] string State,
    [property: JsonPropertyName("Reason"), Description("Why it was refused, or why the last attempt to pay it came to nothing.")] string? Reason,
    [property: JsonPropertyName("DecidedAt"), Description("When it was paid or refused.")] DateTimeOffset? DecidedAt)
    : InvoiceDocument(InvoiceId, Value, Currency, IsPaid);

/// <summary>An invoice to be kept.</summary>
internal sealed record NewInvoiceDocument(
    [property: JsonPropertyName("InvoiceId"), Description("1 to 100 letters, digits, and . _ : - after the first.")] string InvoiceId,
    [property: JsonPropertyName("Value"), Description("Positive, at most 15 digits before the point, no more decimals than the currency has.")] decimal Value,
    [property: JsonPropertyName("Currency"), Description("An ISO 4217 code: three capital letters.")] string Currency);

/// <summary>What became of many invoices to be kept.</summary>
internal sealed record InvoicesAddedDocument(int Created, int Known);

/// <summary>What a call to pay did.</summary>
internal record PaidDocument(
    [property: Description("Paid by this call.")] long Paid,
    [property: Description("Paid by other calls while this one went on.")] long PaidByOthers,
    [property: Description("Paid before.")] long AlreadyPaid,
    [property: Description("Refused by the provider while this call went on.")] long Refused,
    [property: Description("Refused before and not tried: POST /invoices/{id}/retry lets one be tried again.")] long RefusedEarlier,
    [property: Description("Left unpaid.")] long Left,
    [property: Description("Those refused before, at most a hundred.")] IReadOnlyList<UnpaidInvoiceDocument> RefusedEarlierInvoices);

/// <summary>What a call to pay did, where not all is paid.</summary>
internal sealed record NotPaidDocument(
    string Type,
    string Title,
    int Status,
    string Detail,
    long Paid,
    long PaidByOthers,
    long AlreadyPaid,
    long Refused,
    long RefusedEarlier,
    long Left,
    IReadOnlyList<UnpaidInvoiceDocument> RefusedEarlierInvoices,
    [property: Description("Those refused now or left unpaid, at most a hundred of each.")] IReadOnlyList<UnpaidInvoiceDocument> Invoices)
    : PaidDocument(Paid, PaidByOthers, AlreadyPaid, Refused, RefusedEarlier, Left, RefusedEarlierInvoices);

/// <summary>An invoice that is not paid, and why.</summary>
internal sealed record UnpaidInvoiceDocument(
    [property: JsonPropertyName("InvoiceId")] string InvoiceId,
    [property: Description("refused, notAllowed, nonsense, unreachable, beingPaid or notTried.")] string Why,
    string? Reason);
