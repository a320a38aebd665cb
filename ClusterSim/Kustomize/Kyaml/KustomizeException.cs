namespace ClusterSim.Kustomize.Kyaml;

/// <summary>A kustomization cannot be rendered. The message names the file and the field.</summary>
internal sealed class KustomizeException : Exception
{
    public KustomizeException(string message)
        : base(message)
    {
    }

    /// <summary>Returns the same error with a place before its message.</summary>
    public KustomizeException At(string place) => new($"{place}: {Message}");
}
