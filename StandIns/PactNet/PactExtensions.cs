using PactNet.Core;
using PactNet.Models;

namespace PactNet;

/// <summary>From a pact to its interactions.</summary>
public static class PactExtensions
{
    private const int Specification4 = 5;

    /// <summary>Starts a pact of HTTP interactions.</summary>
    /// <param name="pact">Whose.</param>
    /// <param name="port">The mock server's port; any free one where none is given.</param>
    /// <param name="host">Where the mock server listens.</param>
    /// <exception cref="DllNotFoundException">Pact's core is missing or too old; the message has the cure.</exception>
    public static IPactBuilderV4 WithHttpInteractions(this IPactV4 pact, int? port = null, IPAddress host = IPAddress.Loopback)
    {
        CoreCalls.Start(pact.Config.LogLevel);
        var handle = CoreFunctions.NewPact(pact.Consumer, pact.Provider);
        CoreCalls.Check(CoreFunctions.WithSpecification(handle, Specification4));
        return new HttpPactBuilder(handle, pact.Config, (ushort)(port ?? 0), host == IPAddress.Any ? "0.0.0.0" : "127.0.0.1");
    }

    /// <summary>Not supported: the tests have no messages.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public static IMessagePactBuilderV4 WithMessageInteractions(this IPactV4 pact) => throw StandIn.Lacks("WithMessageInteractions");
}

/// <summary>Collects messages; the stand-in has none.</summary>
public interface IMessagePactBuilderV4
{
}
