using Contracts;
using InvoiceApp.Payments;
using PactNet;
using PactNet.Matchers;

namespace Tests.Contract.Consumer;

/// <summary>Something invoice-app relies on: what it asks, when, what it is answered, and what its client makes of that.</summary>
/// <param name="Description">The interaction's name in the pact.</param>
/// <param name="State">The provider state.</param>
/// <param name="StateParameters">Its parameters.</param>
/// <param name="Asks">The payment asked for.</param>
/// <param name="Status">The answer's status.</param>
/// <param name="Answer">Its body; matchers where it may vary.</param>
/// <param name="Outcome">What invoice-app's client makes of it.</param>
internal sealed record PaymentInteraction(
    string Description,
    string State,
    IReadOnlyDictionary<string, string> StateParameters,
    (string Id, decimal Value, string Currency) Asks,
    int Status,
    object Answer,
    PaymentOutcomeKind Outcome)
{
    /// <summary>The answer is a problem (RFC 9457) rather than one of the payment API's own.</summary>
    public bool IsProblem => Status is 401 or 403 or 503;

    /// <summary>Retry-After is there, and invoice-app waits as long.</summary>
    public bool HasRetryAfter => Status == 503;

    /// <summary>Adds it to a pact.</summary>
    public void Define(IPactBuilderV4 pact)
    {
        var request = pact.UponReceiving(Description);
        request = StateParameters.Count == 0 ? request.Given(State) : request.Given(State, new Dictionary<string, string>(StateParameters, StringComparer.Ordinal));
        request = request.WithRequest(HttpMethod.Post, "/payments/pay").WithHeader("Accept", "application/json");
        if (State != ProviderStates.CallerUnknown)
            request = request.WithHeader("Authorization", BearerOfState);
        var answer = request
            .WithJsonBody(new { id = Asks.Id, value = Asks.Value, currency = Asks.Currency })
            .WillRespond().WithStatus((ushort)Status);
        if (IsProblem)
            answer = answer.WithHeader("Content-Type", "application/problem+json");
        if (HasRetryAfter)
            answer = answer.WithHeader("Retry-After", Match.Regex("1", "^[0-9]+$"));
        answer.WithJsonBody(Answer);
    }

    /// <inheritdoc/>
    public override string ToString() => Description;

    /// <summary>Any bearer token; when a provider is verified, the one that the provider state answered with.</summary>
    private static string BearerOfState =>
        $$"""
        {"pact:matcher:type":"regex","regex":"^Bearer [-._~+/=A-Za-z0-9]+$","value":"Bearer {{PaymentConsumer.ExampleToken}}",
         "pact:generator:type":"ProviderState","expression":"Bearer ${{{ProviderStates.Token}}}"}
        """;
}
