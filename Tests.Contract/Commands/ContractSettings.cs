namespace Tests.Contract.Commands;

/// <summary>What the commands are told, by environment variables.</summary>
internal sealed class ContractSettings(IReadOnlyDictionary<string, string> environment)
{
    /// <summary><c>PROVIDER_URL</c>: the provider to verify; without it one is started here, with a database and an issuer of its own.</summary>
    public Uri? Provider => Address("PROVIDER_URL");

    /// <summary><c>STATES_URL</c>: what makes that provider's states so. Without it, those that its API itself can make are verified.</summary>
    public Uri? States => Address("STATES_URL");

    /// <summary><c>PROVIDER_TOKEN</c>: the token that invoice-app would send to that provider.</summary>
    public string? ProviderToken => Optional("PROVIDER_TOKEN");

    /// <summary><c>PACT_BROKER_BASE_URL</c>: the broker.</summary>
    public Uri? Broker => Address("PACT_BROKER_BASE_URL");

    /// <summary><c>PACT_BROKER_TOKEN</c>: our token there.</summary>
    public string? BrokerToken => Optional("PACT_BROKER_TOKEN");

    /// <summary><c>PACT_BROKER_USERNAME</c>, with <c>PACT_BROKER_PASSWORD</c>: instead of a token.</summary>
    public (string Name, string Password)? BrokerUser =>
        Optional("PACT_BROKER_USERNAME") is { } name ? (name, Required("PACT_BROKER_PASSWORD", "the password of PACT_BROKER_USERNAME")) : null;

    /// <summary><c>PACT_VERSION</c>: what is verified, published or deployed, a commit; the scripts take git's.</summary>
    public string Version => Required("PACT_VERSION", "a version, such as git's commit");

    /// <summary><c>PACT_BRANCH</c>: its branch; the scripts take git's. None on a detached head.</summary>
    public string? Branch => Optional("PACT_BRANCH");

    /// <summary><c>PACT_BUILD_URL</c>: where the build can be looked at.</summary>
    public Uri? Build => Address("PACT_BUILD_URL");

    /// <summary><c>PACT_PUBLISH_RESULTS=true</c>: the broker is told how the verification went.</summary>
    public bool PublishResults => Optional("PACT_PUBLISH_RESULTS") == "true";

    /// <summary><c>PACTICIPANT</c>: who is to be deployed, InvoiceApp (default) or PaymentProvider.</summary>
    public string Pacticipant => Optional("PACTICIPANT") ?? Consumer.Pacts.Consumer;

    /// <summary><c>PACT_ENVIRONMENT</c>: where to (default production).</summary>
    public string Environment => Optional("PACT_ENVIRONMENT") ?? "production";

    private string? Optional(string name) => environment.TryGetValue(name, out var value) && value.Length > 0 ? value : null;

    private string Required(string name, string right) => Optional(name) ?? throw new InvalidOperationException($"{name} is missing, should be {right}");

    private Uri? Address(string name)
    {
        if (Optional(name) is not { } text)
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new InvalidOperationException($"{name}: found '{text}', should be an absolute http or https address");
    }
}
