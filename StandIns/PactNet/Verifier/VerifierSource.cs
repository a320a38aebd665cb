using System.Runtime.InteropServices;
using PactNet.Core;

namespace PactNet.Verifier;

/// <summary>Tells the core how to verify.</summary>
internal sealed class VerifierSource(CoreVerifier core) : IPactVerifierSource
{
    private TimeSpan _timeout = TimeSpan.FromSeconds(5);
    private bool _anyCertificate;

    public IPactVerifierSource WithProviderStateUrl(Uri providerStateUri) => WithProviderStateUrl(providerStateUri, _ => { });

    public IPactVerifierSource WithProviderStateUrl(Uri providerStateUri, Action<IProviderStateOptions> configure)
    {
        var options = new StateOptions();
        configure(options);
        VerifierFunctions.SetStateUrl(core.Open(), providerStateUri.AbsoluteUri, Flag(options.TearDown), Flag(options.Style == ProviderStateStyle.Body));
        return this;
    }

    public IPactVerifierSource WithFilter(string? description = null, string? providerState = null)
    {
        VerifierFunctions.SetFilter(core.Open(), description, providerState, 0);
        return this;
    }

    public IPactVerifierSource WithRequestTimeout(TimeSpan timeout)
    {
        _timeout = timeout;
        return this;
    }

    public IPactVerifierSource WithSslVerificationDisabled()
    {
        _anyCertificate = true;
        return this;
    }

    public IPactVerifierSource WithCustomHeader(string name, string value)
    {
        VerifierFunctions.AddHeader(core.Open(), name, value);
        return this;
    }

    public void Verify()
    {
        _ = VerifierFunctions.SetOptions(core.Open(), Flag(_anyCertificate), new CULong((uint)_timeout.TotalMilliseconds));
        core.Execute();
    }

    private static byte Flag(bool set) => set ? (byte)1 : (byte)0;

    private sealed class StateOptions : IProviderStateOptions
    {
        public bool TearDown { get; private set; }

        public ProviderStateStyle Style { get; private set; } = ProviderStateStyle.Body;

        public IProviderStateOptions WithTeardown()
        {
            TearDown = true;
            return this;
        }

        public IProviderStateOptions WithStyle(ProviderStateStyle style)
        {
            Style = style;
            return this;
        }
    }
}
