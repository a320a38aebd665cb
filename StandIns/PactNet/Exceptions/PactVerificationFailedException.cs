namespace PactNet.Exceptions;

/// <summary>The provider does not keep the pact; the outputters have the differences.</summary>
public class PactVerificationFailedException : PactFailureException
{
    /// <summary>Without more to say.</summary>
    public PactVerificationFailedException()
        : this("The pact failed verification")
    {
    }

    /// <summary>With why.</summary>
    public PactVerificationFailedException(string message)
        : base(message)
    {
    }

    /// <summary>With why, and what it comes from.</summary>
    public PactVerificationFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
