namespace ClusterSim.Patching;

/// <summary>How a patch body is to be read.</summary>
internal enum PatchType
{
    /// <summary>RFC 6902.</summary>
    Json,

    /// <summary>RFC 7386.</summary>
    Merge,

    /// <summary>Kubernetes' strategic merge patch.</summary>
    StrategicMerge,

    /// <summary>Server-side apply.</summary>
    Apply,
}
