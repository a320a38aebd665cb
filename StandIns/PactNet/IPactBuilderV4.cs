namespace PactNet;

/// <summary>Collects interactions, and holds a consumer to them.</summary>
public interface IPactBuilder
{
    /// <summary>Starts a mock server for the interactions, lets the consumer talk to it, and writes the pact file if it did exactly what they say.</summary>
    /// <exception cref="Exceptions.PactFailureException">It did something else; the outputters have what.</exception>
    void Verify(Action<IConsumerContext> interact);

    /// <inheritdoc cref="Verify"/>
    Task VerifyAsync(Func<IConsumerContext, Task> interact);
}

/// <inheritdoc/>
public interface IPactBuilderV4 : IPactBuilder
{
    /// <summary>Starts an interaction; the description, with the provider states, names it.</summary>
    IRequestBuilderV4 UponReceiving(string description);
}

/// <summary>What a consumer under test gets.</summary>
public interface IConsumerContext
{
    /// <summary>Where the mock server listens.</summary>
    Uri MockServerUri { get; }
}
