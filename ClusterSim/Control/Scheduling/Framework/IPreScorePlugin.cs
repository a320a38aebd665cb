namespace ClusterSim.Scheduling.Framework;

/// <summary>Prepares data for <see cref="IScorePlugin"/>, once per pod.</summary>
internal interface IPreScorePlugin : IPlugin
{
    /// <summary>Returns null, or <see cref="Status.Skip"/> if the plugin scores all nodes alike. <paramref name="nodes"/> are those that fit.</summary>
    Status? PreScore(CycleState state, PodInfo pod, IReadOnlyList<NodeInfo> nodes);
}
