using ClusterSim.Faults.Schedules;
using ClusterSim.Postgres;

namespace Harness.Chaos;

/// <summary>The PostgreSQL server of a system, as faults stop it: without writing anything more, so that the next start recovers as after a crash.</summary>
internal sealed class StoppablePostgres(PostgresServer server) : IStoppableServer
{
    /// <inheritdoc/>
    public string Name => ChaosOptions.PostgresName;

    /// <inheritdoc/>
    public Task StopAsync() => server.KillAsync(CancellationToken.None);

    /// <inheritdoc/>
    public Task StartAsync() => server.StartAgainAsync(CancellationToken.None);
}
