namespace PactNet.Exceptions;

/// <summary>The consumer did not do what its interactions say, or Pact's core could not work; the outputters have the details.</summary>
public class PactFailureException : Exception
{
    /// <summary>With why.</summary>
    public PactFailureException(string message)
        : base(message)
    {
    }

    /// <summary>With why, and what it comes from.</summary>
    public PactFailureException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
