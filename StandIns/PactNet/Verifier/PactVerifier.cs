using PactNet.Core;

namespace PactNet.Verifier;

/// <summary>Verifies a provider with Pact's core.</summary>
public sealed class PactVerifier : IPactVerifier, IDisposable
{
    private readonly string _provider;
    private readonly CoreVerifier _core;
    private bool _endpoint;

    /// <summary>Reports to the console.</summary>
    /// <param name="providerName">The provider's name in the pacts.</param>
    public PactVerifier(string providerName)
        : this(providerName, new PactVerifierConfig())
    {
    }

    /// <summary>Reports as configured.</summary>
    /// <param name="providerName">The provider's name in the pacts.</param>
    /// <param name="config">How to report.</param>
    public PactVerifier(string providerName, PactVerifierConfig config)
    {
        ArgumentNullException.ThrowIfNull(providerName);
        _provider = providerName;
        _core = new CoreVerifier(config);
    }

    /// <inheritdoc/>
    /// <exception cref="DllNotFoundException">Pact's core is missing or too old; the message has the cure.</exception>
    public IPactVerifier WithHttpEndpoint(Uri pactUri)
    {
        if (_endpoint)
            throw new InvalidOperationException("WithHttpEndpoint was called before; a verifier has one endpoint");
        VerifierFunctions.SetProvider(_core.Open(), _provider, pactUri.Scheme, pactUri.Host, (ushort)pactUri.Port, pactUri.AbsolutePath);
        _endpoint = true;
        return this;
    }

    /// <inheritdoc/>
    public IPactVerifier WithMessages(Action<Messaging.IMessageScenarios> configure) => throw StandIn.Lacks("WithMessages");

    /// <inheritdoc/>
    public IPactVerifierSource WithFileSource(FileInfo pactFile) => Source(core => VerifierFunctions.AddFile(core, pactFile.FullName));

    /// <inheritdoc/>
    public IPactVerifierSource WithDirectorySource(DirectoryInfo directory, params string[] consumers) => Source(core =>
    {
        VerifierFunctions.AddDirectory(core, directory.FullName);
        VerifierFunctions.SetConsumers(core, consumers, (ushort)consumers.Length);
    });

    /// <inheritdoc/>
    public IPactVerifierSource WithUriSource(Uri pactUri) => WithUriSource(pactUri, _ => { });

    /// <inheritdoc/>
    public IPactVerifierSource WithUriSource(Uri pactUri, Action<IPactUriOptions> configure) => Source(core =>
    {
        var options = new SourceOptions(core);
        configure(options);
        VerifierFunctions.AddUrl(core, pactUri.AbsoluteUri, options.User, options.Password, options.Token);
    });

    /// <inheritdoc/>
    public IPactVerifierSource WithPactBrokerSource(Uri brokerBaseUri) => WithPactBrokerSource(brokerBaseUri, _ => { });

    /// <inheritdoc/>
    public IPactVerifierSource WithPactBrokerSource(Uri brokerBaseUri, Action<IPactBrokerOptions> configure) => Source(core =>
    {
        var options = new SourceOptions(core);
        configure(options);
        options.AddBroker(brokerBaseUri);
    });

    /// <inheritdoc/>
    public void Dispose() => _core.Dispose();

    private VerifierSource Source(Action<IntPtr> add)
    {
        if (!_endpoint)
            throw new InvalidOperationException("WithHttpEndpoint comes before the pacts: where is the provider?");
        add(_core.Open());
        return new VerifierSource(_core);
    }
}
