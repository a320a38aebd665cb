using PactNet.Core;
using PactNet.Exceptions;

namespace PactNet.Verifier;

/// <summary>A verifier in the core's memory.</summary>
internal sealed class CoreVerifier(PactVerifierConfig config) : IDisposable
{
    private IntPtr _handle;

    public PactVerifierConfig Config { get; } = config;

    /// <summary>Its handle; made when first asked for.</summary>
    public IntPtr Open()
    {
        if (_handle == IntPtr.Zero)
        {
            CoreCalls.Start(Config.LogLevel);
            _handle = VerifierFunctions.New("pact-net-stand-in", typeof(CoreVerifier).Assembly.GetName().Version?.ToString() ?? "0");
        }

        return _handle;
    }

    /// <summary>Verifies; the outputters get the core's report.</summary>
    public void Execute()
    {
        var result = VerifierFunctions.Execute(_handle);
        Config.WriteLine(result == 0 ? "Pact verification successful" : "Pact verification failed");
        Config.WriteLine("Verifier Output");
        Config.WriteLine(CoreCalls.Owned(VerifierFunctions.Output(_handle, 1)) ?? "none");
        Config.WriteLine("Verifier Logs");
        Config.WriteLine(CoreCalls.Owned(VerifierFunctions.Logs(_handle)) ?? "none");
        switch (result)
        {
            case 0:
                return;
            case 1:
                throw new PactVerificationFailedException("Pact verification failed");
            default:
                throw new PactFailureException($"the verification could not be run: Pact's core says {result}; the output has more");
        }
    }

    public void Dispose()
    {
        if (_handle != IntPtr.Zero)
            VerifierFunctions.Shutdown(_handle);
        _handle = IntPtr.Zero;
    }
}
