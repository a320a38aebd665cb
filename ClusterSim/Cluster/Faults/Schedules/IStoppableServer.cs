namespace ClusterSim.Faults.Schedules;

/// <summary>
/// A server outside the cluster that pods depend on, such as the database server behind a simulated image. The host of a schedule registers it
/// under a name, and <see cref="FaultKind.StopServer"/> stops it.
/// </summary>
public interface IStoppableServer
{
    /// <summary>The name that schedules use.</summary>
    string Name { get; }

    /// <summary>Ends the server without warning: what it did not write is lost, as after a crash.</summary>
    Task StopAsync();

    /// <summary>Starts the server again on the data it had.</summary>
    Task StartAsync();
}
