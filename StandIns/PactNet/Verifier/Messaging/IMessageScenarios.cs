namespace PactNet.Verifier.Messaging;

/// <summary>The messages a provider sends; the stand-in has none.</summary>
public interface IMessageScenarios
{
}
