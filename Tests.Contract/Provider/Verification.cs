using PactNet;
using PactNet.Infrastructure.Outputters;
using PactNet.Verifier;
using Tests.Contract.Consumer;

namespace Tests.Contract.Provider;

/// <summary>Holds a provider to the pact.</summary>
internal static class Verification
{
    /// <summary>How long a request may take: longer than the provider waits for its ledger.</summary>
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Verifies every interaction of a file.</summary>
    /// <exception cref="PactNet.Exceptions.PactVerificationFailedException">The provider does something else; the output has what.</exception>
    public static Task RunAsync(Uri provider, Uri states, FileInfo pact, IOutput output, TimeSpan? timeout = null) =>
        RunAsync(provider, states, verifier => verifier.WithFileSource(pact), output, timeout);

    /// <summary>Verifies what a source holds.</summary>
    public static Task RunAsync(Uri provider, Uri states, Func<IPactVerifier, IPactVerifierSource> source, IOutput output, TimeSpan? timeout = null) => Task.Run(() =>
    {
        using var verifier = new PactVerifier(Pacts.Provider, new PactVerifierConfig { LogLevel = PactLogLevel.Warn, Outputters = [output] });
        source(verifier.WithHttpEndpoint(provider))
            .WithProviderStateUrl(states, options => options.WithTeardown())
            .WithRequestTimeout(timeout ?? RequestTimeout)
            .Verify();
    });
}
