namespace PactNet;

/// <summary>Who has a pact with whom.</summary>
public interface IPact
{
    /// <summary>Who asks.</summary>
    string Consumer { get; }

    /// <summary>Who answers.</summary>
    string Provider { get; }

    /// <summary>How it is written.</summary>
    PactConfig Config { get; }
}

/// <summary>A pact of specification 2; the stand-in makes none.</summary>
public interface IPactV2 : IPact
{
}

/// <summary>A pact of specification 3; the stand-in makes none.</summary>
public interface IPactV3 : IPact
{
}

/// <summary>A pact of specification 4.</summary>
public interface IPactV4 : IPact
{
}

/// <summary>Starts a pact. The stand-in has specification 4 alone.</summary>
public class Pact : IPactV4
{
    private Pact(string consumer, string provider, PactConfig config)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(consumer);
        ArgumentException.ThrowIfNullOrWhiteSpace(provider);
        (Consumer, Provider, Config) = (consumer, provider, config);
    }

    /// <inheritdoc/>
    public string Consumer { get; }

    /// <inheritdoc/>
    public string Provider { get; }

    /// <inheritdoc/>
    public PactConfig Config { get; }

    /// <summary>Not supported: the tests use specification 4.</summary>
    /// <exception cref="NotSupportedException">Always.</exception>
    public static IPactV2 V2(string consumer, string provider) => throw StandIn.Lacks("Pact.V2");

    /// <inheritdoc cref="V2(string, string)"/>
    public static IPactV2 V2(string consumer, string provider, PactConfig config) => throw StandIn.Lacks("Pact.V2");

    /// <inheritdoc cref="V2(string, string)"/>
    public static IPactV3 V3(string consumer, string provider) => throw StandIn.Lacks("Pact.V3");

    /// <inheritdoc cref="V2(string, string)"/>
    public static IPactV3 V3(string consumer, string provider, PactConfig config) => throw StandIn.Lacks("Pact.V3");

    /// <summary>A pact with the default configuration.</summary>
    public static IPactV4 V4(string consumer, string provider) => new Pact(consumer, provider, new PactConfig());

    /// <summary>A pact.</summary>
    public static IPactV4 V4(string consumer, string provider, PactConfig config) => new Pact(consumer, provider, config);
}
