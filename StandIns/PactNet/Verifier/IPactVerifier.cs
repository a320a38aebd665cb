namespace PactNet.Verifier;

/// <summary>Holds a provider to its pacts: where it is, then where the pacts are.</summary>
public interface IPactVerifier
{
    /// <summary>Where the provider listens; once.</summary>
    IPactVerifier WithHttpEndpoint(Uri pactUri);

    /// <summary>Not supported: the tests have no messages.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    IPactVerifier WithMessages(Action<Messaging.IMessageScenarios> configure);

    /// <summary>The pact in a file.</summary>
    IPactVerifierSource WithFileSource(FileInfo pactFile);

    /// <summary>The pacts of a folder: of all consumers, or those named.</summary>
    IPactVerifierSource WithDirectorySource(DirectoryInfo directory, params string[] consumers);

    /// <summary>The pact at an address.</summary>
    IPactVerifierSource WithUriSource(Uri pactUri);

    /// <inheritdoc cref="WithUriSource(Uri)"/>
    IPactVerifierSource WithUriSource(Uri pactUri, Action<IPactUriOptions> configure);

    /// <summary>A broker's pacts with this provider.</summary>
    IPactVerifierSource WithPactBrokerSource(Uri brokerBaseUri);

    /// <inheritdoc cref="WithPactBrokerSource(Uri)"/>
    IPactVerifierSource WithPactBrokerSource(Uri brokerBaseUri, Action<IPactBrokerOptions> configure);
}

/// <summary>How the pacts are verified.</summary>
public interface IPactVerifierSource
{
    /// <summary>Where provider states are asked for: a POST each, with the state, its parameters and the action in the body.</summary>
    IPactVerifierSource WithProviderStateUrl(Uri providerStateUri);

    /// <inheritdoc cref="WithProviderStateUrl(Uri)"/>
    IPactVerifierSource WithProviderStateUrl(Uri providerStateUri, Action<IProviderStateOptions> configure);

    /// <summary>Only interactions whose description, or provider state, matches these expressions.</summary>
    IPactVerifierSource WithFilter(string? description = null, string? providerState = null);

    /// <summary>How long a request may take; five seconds where nothing is said.</summary>
    IPactVerifierSource WithRequestTimeout(TimeSpan timeout);

    /// <summary>Takes any certificate.</summary>
    IPactVerifierSource WithSslVerificationDisabled();

    /// <summary>A header for every request to the provider, in place of the pact's own.</summary>
    IPactVerifierSource WithCustomHeader(string name, string value);

    /// <summary>Verifies all of it.</summary>
    /// <exception cref="Exceptions.PactVerificationFailedException">The provider does something else; the outputters have what.</exception>
    /// <exception cref="Exceptions.PactFailureException">It could not be found out.</exception>
    void Verify();
}

/// <summary>How provider states are asked for.</summary>
public interface IProviderStateOptions
{
    /// <summary>After each interaction too.</summary>
    IProviderStateOptions WithTeardown();

    /// <summary>In the body (so it is by default) or the query.</summary>
    IProviderStateOptions WithStyle(ProviderStateStyle style);
}

/// <summary>Where a request for a provider state has it.</summary>
public enum ProviderStateStyle
{
    /// <summary>In a JSON body.</summary>
    Body,

    /// <summary>In the query.</summary>
    Query,
}
