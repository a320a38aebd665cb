namespace Contracts;

/// <summary>
/// The provider states that the pact names: what the consumer's tests say must be so, and what the provider's verification makes so.
/// Parameters are texts; Pact writes what reads as JSON as that.
/// </summary>
public static class ProviderStates
{
    /// <summary>Invoice-app calls with a good token; nothing was paid under <see cref="Id"/>. The handler answers with <see cref="Token"/>.</summary>
    public const string NotPaid = "invoice-app calls, and nothing was paid under the id";

    /// <summary>Invoice-app calls with a good token; <see cref="Id"/> was paid with <see cref="Value"/> and <see cref="Currency"/>.</summary>
    public const string Paid = "invoice-app calls, and the id was paid";

    /// <summary>Invoice-app calls with a good token, and the ledger cannot be reached.</summary>
    public const string LedgerAway = "invoice-app calls, and the ledger's database is away";

    /// <summary>Callers must say who they are, and this one does not.</summary>
    public const string CallerUnknown = "the caller does not say who it is";

    /// <summary>Callers must say who they are, and this one's token has expired. The handler answers with <see cref="Token"/>.</summary>
    public const string CallerExpired = "the caller's token has expired";

    /// <summary>The caller is another service account than invoice-app's. The handler answers with <see cref="Token"/>.</summary>
    public const string CallerForeign = "the caller is another service";

    /// <summary>A parameter: the payment's id.</summary>
    public const string Id = "id";

    /// <summary>A parameter: the amount paid.</summary>
    public const string Value = "value";

    /// <summary>A parameter: the currency paid in.</summary>
    public const string Currency = "currency";

    /// <summary>What the handler answers with: the bearer token that the caller of this state sends.</summary>
    public const string Token = "token";
}
