namespace ClusterSim.Access;

/// <summary>A kubeconfig cannot be used. The message names the field, the value found and the value expected.</summary>
public sealed class KubeconfigException : FormatException
{
    internal KubeconfigException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }
}
