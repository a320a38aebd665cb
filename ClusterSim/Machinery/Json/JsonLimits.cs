namespace ClusterSim.Machinery;

/// <summary>The bounds on documents that are read.</summary>
internal static class JsonLimits
{
    /// <summary>The deepest nesting of objects and arrays, as many levels as the readers of the store take.</summary>
    public const int DepthMax = 64;
}
