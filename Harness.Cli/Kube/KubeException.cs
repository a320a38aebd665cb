namespace Harness.Kube;

/// <summary>The API refused, or could not be reached.</summary>
public sealed class KubeException(int code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The HTTP status; 0 where no answer came.</summary>
    public int Code { get; } = code;
}
