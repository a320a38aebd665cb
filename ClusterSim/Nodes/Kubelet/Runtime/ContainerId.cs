namespace ClusterSim.Nodes.Runtime;

/// <summary>The ids that the container runtime gives to containers and to processes in them.</summary>
internal static class ContainerId
{
    /// <summary>Returns a new id: 64 hexadecimal digits.</summary>
    public static string New(Randomness random) => (random.NextUid() + random.NextUid()).Replace("-", "", StringComparison.Ordinal);
}
