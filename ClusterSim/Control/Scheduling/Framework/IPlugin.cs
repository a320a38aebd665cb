namespace ClusterSim.Scheduling.Framework;

/// <summary>A scheduler plugin.</summary>
internal interface IPlugin
{
    /// <summary>The name in the scheduler configuration.</summary>
    string Name { get; }
}
