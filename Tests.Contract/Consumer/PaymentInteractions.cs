using System.Globalization;
using Contracts;
using InvoiceApp.Payments;
using PactNet.Matchers;

namespace Tests.Contract.Consumer;

/// <summary>All that invoice-app relies on. Values that decide are exact; words for people may vary where nobody compares them.</summary>
internal static class PaymentInteractions
{
    public static IReadOnlyList<PaymentInteraction> All { get; } =
    [
        Accepted("a payment", ProviderStates.NotPaid, ("I1", 12.15m, "EUR")),
        Accepted("a payment in a currency without decimals", ProviderStates.NotPaid, ("I2", 1200m, "JPY")),
        Accepted("a payment under an id of many signs", ProviderStates.NotPaid, ("Rechnung 7/№ \"ä\"", 0.01m, "GBP")),
        Accepted("the same payment again", ProviderStates.Paid, ("I3", 66.13m, "DKK")),
        Conflict("the same id with another value", paid: ("I4", 10.25m, "GBP"), asks: ("I4", 10.26m, "GBP")),
        Conflict("the same id with another currency", paid: ("I5", 10.25m, "GBP"), asks: ("I5", 10.25m, "EUR")),
        Refused("a payment without an id", ("", 12.15m, "EUR"), "could not retrieve payment id"),
        Refused("a payment under an id that is too long", (new string('I', 201), 12.15m, "EUR"), Match.Regex("payment id is longer than 200 characters", "^payment id .+$")),
        Refused("a payment of nothing", ("I6", 0m, "EUR"), Match.Regex("payment value 0 is not positive", "^payment value .+$")),
        Refused("a payment of less than nothing", ("I7", -12.15m, "EUR"), Match.Regex("payment value -12.15 is not positive", "^payment value .+$")),
        Refused("a payment more precise than its currency", ("I8", 12.155m, "EUR"), Match.Regex("payment value 12.155 is too precise: EUR has 2 decimals", "^payment value .+$")),
        Refused("a payment without a currency", ("I9", 12.15m, ""), "could not retrieve payment currency"),
        Refused("a payment in a currency that does not exist", ("I10", 12.15m, "XQX"), Match.Regex("payment currency 'XQX' is not a code of ISO 4217", "^payment currency .+$")),
        Problem("a payment by a caller without a token", ProviderStates.CallerUnknown, 401, "Unauthorized", PaymentOutcomeKind.NotAllowed),
        Problem("a payment by a caller whose token has expired", ProviderStates.CallerExpired, 401, "Unauthorized", PaymentOutcomeKind.NotAllowed),
        Problem("a payment by a caller who may not pay", ProviderStates.CallerForeign, 403, "Forbidden", PaymentOutcomeKind.NotAllowed),
        Problem("a payment while the ledger is away", ProviderStates.LedgerAway, 503, "Service Unavailable", PaymentOutcomeKind.Unavailable),
    ];

    /// <summary>A state's parameters for a payment.</summary>
    public static IReadOnlyDictionary<string, string> Parameters((string Id, decimal Value, string Currency) payment) => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [ProviderStates.Id] = payment.Id,
        [ProviderStates.Value] = payment.Value.ToString(CultureInfo.InvariantCulture),
        [ProviderStates.Currency] = payment.Currency,
    };

    private static Dictionary<string, string> JustId(string id) => new(StringComparer.Ordinal) { [ProviderStates.Id] = id };

    private static PaymentInteraction Accepted(string description, string state, (string Id, decimal Value, string Currency) asks) => new(
        description, state, state == ProviderStates.Paid ? Parameters(asks) : JustId(asks.Id), asks, 200, new { id = asks.Id }, PaymentOutcomeKind.Accepted);

    private static PaymentInteraction Conflict(string description, (string Id, decimal Value, string Currency) paid, (string Id, decimal Value, string Currency) asks) => new(
        description, ProviderStates.Paid, Parameters(paid), asks, 409,
        new { error = Match.Type($"payment id '{asks.Id}' was used before for another value or currency") }, PaymentOutcomeKind.Refused);

    private static PaymentInteraction Refused(string description, (string Id, decimal Value, string Currency) asks, object error) => new(
        description, ProviderStates.NotPaid, JustId(asks.Id), asks, 400, new { error }, PaymentOutcomeKind.Refused);

    private static PaymentInteraction Problem(string description, string state, int status, string title, PaymentOutcomeKind outcome) => new(
        description, state, new Dictionary<string, string>(StringComparer.Ordinal), ("I11", 12.15m, "EUR"), status,
        new { title, status, detail = Match.Type("why") }, outcome);
}
