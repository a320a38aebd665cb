namespace ClusterSim.Manifests;

/// <summary>A file cannot be read as manifests. The message names the file, the place and what is expected.</summary>
public sealed class ManifestException : Exception
{
    internal ManifestException(string message)
        : base(message)
    {
    }
}
